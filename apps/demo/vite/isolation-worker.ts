import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

/**
 * Puts `coi-serviceworker` beside the page: where a host does not send the headers of cross-origin isolation, this
 * service worker adds them. The page loads it by itself, see `index.html`.
 */
export function isolationWorker(): Plugin {
  return {
    name: 'isolation-worker',
    generateBundle() {
      const file = createRequire(import.meta.url).resolve('coi-serviceworker/coi-serviceworker.min.js');
      this.emitFile({ type: 'asset', fileName: 'coi-serviceworker.js', source: readFileSync(file) });
    },
  };
}
