/**
 * One contender: opens the library named by the arguments and does what it is asked, one line of JSON on the standard
 * input at a time, answering each with a line on the standard output. `peers/pytorch.py` understands the same lines.
 */
import { createInterface } from 'node:readline';
import { type Library, type Runner, type Step } from './library.js';
import { type Reply, type Request } from './protocol.js';

const libraries: Readonly<Record<string, (threads: number) => Promise<Library>>> = {
  'downhill wasm': async (threads) => (await import('./downhill.js')).open('wasm', threads),
  'downhill portable': async (threads) => (await import('./downhill.js')).open('portable', threads),
  'tfjs cpu': async () => (await import('./peers/tfjs.js')).open('cpu'),
  'tfjs wasm': async (threads) => (await import('./peers/tfjs.js')).open('wasm', threads),
  'jax-js': async (threads) => (await import('./peers/jax-js.js')).open(threads),
  convnetjs: async () => (await import('./peers/convnetjs.js')).open(),
  'onnxruntime-web': async (threads) => (await import('./peers/onnxruntime-web.js')).open(threads),
};

const SAMPLES = 64;

let runner: Runner | undefined;

async function answer(library: Library, request: Request): Promise<Reply> {
  switch (request.do) {
    case 'prepare':
      runner = await library.prepare(request.task);
      return { differs: runner.differs };
    case 'run':
      return runFor(prepared(), request.milliseconds);
    case 'sample':
      return { samples: samplesOf((await prepared().result?.()) ?? []) };
    case 'dispose':
      runner?.dispose?.();
      runner = undefined;
      return {};
  }
}

function prepared(): Runner {
  if (runner === undefined) throw new Error('no task is prepared');
  return runner;
}

/** Runs until the time is up, at least once; looks at the clock rarely enough not to be measured. */
async function runFor(runner: Runner, milliseconds: number): Promise<Reply> {
  let [runs, chunk, elapsed] = [0, 1, 0];
  let loss: Step;
  const start = performance.now();
  do {
    for (let i = 0; i < chunk; i++) {
      const step = runner.run();
      loss = step instanceof Promise ? await step : step;
    }
    runs += chunk;
    elapsed = performance.now() - start;
    if (elapsed < milliseconds / 20) chunk *= 2;
  } while (elapsed < milliseconds);
  return { runs, milliseconds: elapsed, loss };
}

/** Elements from all over an array. */
function samplesOf(values: ArrayLike<number>): number[] {
  const count = Math.min(SAMPLES, values.length);
  return Array.from(
    { length: count },
    (_, i) => values[Math.floor((i * (values.length - 1)) / Math.max(1, count - 1))],
  );
}

// Libraries greet on the console; answers must stand alone.
console.log = console.info = console.error;
const [name, threads] = process.argv.slice(2);
const library = await libraries[name](Number(threads));
for await (const line of createInterface({ input: process.stdin })) {
  let reply: Reply;
  try {
    reply = await answer(library, JSON.parse(line) as Request);
  } catch (error) {
    reply = { cannot: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit();
