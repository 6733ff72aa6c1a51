import { defineConfig } from 'vitest/config';
import { findChromium } from '../../chromium.js';
import { reporters, sources } from '../../vitest.base.js';

const chromium = findChromium();

/** Tests that drive the built pages in a browser. */
export default defineConfig({
  resolve: sources,
  test: {
    include: chromium === undefined ? [] : ['test/**/*.browser.test.ts'],
    passWithNoTests: chromium === undefined,
    // They train with all cores, but spend half of their time waiting.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // A busy machine takes more than a second to draw.
    expect: { poll: { timeout: 30_000 } },
    reporters: reporters('browser'),
  },
});
