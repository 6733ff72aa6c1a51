import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

const NAME = 'virtual:declarations';

/** The packages that typed code may import. */
const PACKAGES = ['tensor', 'autograd', 'optimizers', 'schedules', 'layers'];

/** The language, without a page's or Node's globals: typed code has neither. */
const LIBRARY = 'lib.es2023.d.ts';

/** What TypeScript needs to know to check typed code, path → text: `virtual:declarations`. */
export function declarations(): Plugin {
  return {
    name: 'declarations',
    resolveId: (source) => (source === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? `export default ${JSON.stringify(collect())};` : undefined),
  };
}

function collect(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('typescript'));
  const files: Record<string, string> = {};
  const pending = [LIBRARY];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const path = `/lib/${name}`;
    if (path in files) continue;
    files[path] = readFileSync(join(folder, name), 'utf8');
    for (const [, reference] of files[path].matchAll(/<reference lib="([^"]+)"/g)) {
      pending.push(`lib.${reference}.d.ts`);
    }
  }
  for (const name of PACKAGES) {
    const types = new URL(`../../../packages/${name}/dist/index.d.ts`, import.meta.url);
    files[`/node_modules/@downhill/${name}/index.d.ts`] = readFileSync(types, 'utf8');
  }
  return files;
}
