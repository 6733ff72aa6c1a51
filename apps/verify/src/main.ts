import { readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import { defineCommand, runMain } from 'citty';
import { options, readRequest, UsageError } from './command-line.js';
import { experiments } from './experiments/index.js';
import type { Surroundings } from './result.js';
import { verify } from './verify.js';

// The same from the sources and from the built file: both are one folder below the app.
const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const kept = pathOf('../.kept/');

function surroundings(threads: number): Surroundings {
  const { version } = JSON.parse(readFileSync(pathOf('../package.json'), 'utf8')) as { version: string };
  const processors = cpus();
  return {
    versions: {
      '@downhill/*': version,
      'Node.js': process.versions.node,
      backend: `wasm (${threads} threads)`,
    },
    machine: `${processors.length} × ${processors[0].model.trim()}`,
    date: new Date().toISOString(),
  };
}

const command = defineCommand({
  meta: {
    name: 'npm run verify --',
    description: 'Runs the experiments that take minutes, and writes what they gave to docs/results.',
  },
  args: options,
  async run({ rawArgs }) {
    const stop = new AbortController();
    // Once: a second Ctrl-C ends the process as it always does.
    process.once('SIGINT', () => {
      stop.abort();
    });
    try {
      const request = readRequest(rawArgs, experiments);
      if (request.list) {
        for (const { name, claim } of request.experiments) console.log(`${name}: ${claim}`);
        return;
      }
      if (request.fresh) rmSync(kept, { recursive: true, force: true });
      const backend = await wasm({ threads: request.threads });
      setBackend(backend);
      const verdicts = await verify(request.experiments, {
        output: process.stdout,
        signal: stop.signal,
        results: pathOf('../../../docs/results/'),
        kept,
        surroundings: () => surroundings(backend.threads),
      });
      if ([...verdicts.values()].includes(false)) process.exitCode = 1;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(error.message);
      process.exitCode = 2;
    }
    if (stop.signal.aborted) process.exitCode = 130;
  },
});

await runMain(command);
