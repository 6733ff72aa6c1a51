import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('./packages/', import.meta.url));
const nodeVersion = process.versions.node.split('.')[0];

/** `@downhill/tensor` and `@downhill/formats/node` mean sources in tests, so that they need no build. */
export const sources: ViteUserConfig['resolve'] = {
  alias: [
    { find: /^@downhill\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` },
    { find: /^@downhill\/([^/]+)\/([^/]+)$/, replacement: `${packages}$1/src/$2.ts` },
  ],
};

/** Prints as usual, and leaves a report from which `scripts/count-tests.js` adds up all runs. */
export function reporters(run: string): NonNullable<ViteUserConfig['test']>['reporters'] {
  return ['default', ['json', { outputFile: `reports/${run}.json` }]];
}

/** Tests of a package in Node: `test/**\/*.test.ts`, but for those that need a browser. */
export default defineConfig({
  resolve: sources,
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.browser.test.ts'],
    setupFiles: [fileURLToPath(new URL('./vitest.setup.ts', import.meta.url))],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: reporters(`node-${nodeVersion}`),
  },
});
