import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const NAME = 'virtual:sandbox-worker';

/**
 * The worker in which typed code runs, with all packages that it may use, as one text: `virtual:sandbox-worker`. The frame it
 * runs in may load nothing from anywhere, so it gets its code from the page. A classic script, for Chromium starts no module
 * worker in a frame without an origin; what is typed is a module all the same.
 */
export function sandboxWorker(): Plugin {
  const entry = fileURLToPath(new URL('../src/pages/own-optimizer/sandbox-worker.ts', import.meta.url));
  return {
    name: 'sandbox-worker',
    resolveId: (source) => (source === NAME ? `\0${NAME}` : undefined),
    async load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const built = await build({
        configFile: false,
        logLevel: 'error',
        build: {
          write: false,
          target: 'es2022',
          minify: true,
          lib: { entry, formats: ['iife'], name: 'sandbox' },
        },
      });
      const [{ output }] = built as Extract<typeof built, unknown[]>;
      return `export default ${JSON.stringify(output[0].code)};`;
    },
  };
}
