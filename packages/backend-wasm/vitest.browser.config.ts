import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { reporters, sources } from '../../vitest.base.js';

/** A chromium that is there already: nothing is downloaded. */
function findChromium(): string | undefined {
  const asked = process.env.CHROMIUM_PATH;
  if (asked !== undefined) {
    if (!existsSync(asked)) throw new Error(`CHROMIUM_PATH names no file: ${asked}`);
    return asked;
  }
  return [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ].find((path) => existsSync(path));
}

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn('\nSKIPPED: no browser tests ran, for no Chromium was found. Name one in CHROMIUM_PATH.\n');
}

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
      provider: playwright({
        launchOptions: {
          executablePath,
          args: [
            '--no-sandbox', // Chromium refuses to start as root without it, and root is who runs in containers.
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
          ],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
