import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArguments, findChromium } from '../../chromium.js';
import { reporters, sources } from '../../vitest.base.js';

const executablePath = findChromium();

export default defineConfig({
  resolve: sources,
  server: {
    // Without these two a page has no SharedArrayBuffer, and so no threads.
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  test: {
    include: executablePath === undefined ? [] : ['test/**/*.browser.test.ts'],
    passWithNoTests: executablePath === undefined,
    testTimeout: 30_000,
    reporters: reporters('browser'),
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: chromiumArguments } }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
