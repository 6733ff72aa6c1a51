import { defineConfig } from 'vite';
import { declarations } from './vite/declarations.js';
import { digits } from './vite/digits.js';
import { isolationWorker } from './vite/isolation-worker.js';
import { sandboxWorker } from './vite/sandbox-worker.js';

/** Without these two a page has no SharedArrayBuffer, and so no threads. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** `vite preview --mode plain-host` serves the pages as a host does that knows nothing of this. */
export default defineConfig(({ mode }) => ({
  // Addresses relative to the page: the files work from any folder of any host.
  base: './',
  plugins: [digits(), isolationWorker(), sandboxWorker(), declarations()],
  worker: { format: 'es', plugins: () => [declarations()] },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  server: { headers },
  preview: { headers: mode === 'plain-host' ? {} : headers },
}));
