import * as autograd from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import * as layers from '@downhill/layers';
import * as optimizers from '@downhill/optimizers';
import * as schedules from '@downhill/schedules';
import * as tensor from '@downhill/tensor';
import { runRule } from '../../race/trajectory.js';
import { loop } from '../../training/loop.js';
import { Trainer } from '../../training/trainer.js';
import type { Job, RaceJob, TrainingJob } from './jobs.js';

/** What typed code can import. */
const packages: Readonly<Record<string, object>> = { tensor, autograd, optimizers, schedules, layers };

/** Where the modules below find the packages. */
const PACKAGES = Symbol.for('downhill-sandbox');
Object.defineProperty(globalThis, PACKAGES, { value: packages });

/** The address of a module with the exports of a package; there is no network here to load it from. */
function addressOf(name: string): string {
  const names = Object.keys(packages[name]);
  const lines = names.map((each, i) => `const _${i} = all.${each}; export { _${i} as ${each} };`);
  return addressOfScript(
    `const all = globalThis[Symbol.for('downhill-sandbox')].${name};\n${lines.join('\n')}`,
  );
}

function addressOfScript(script: string): string {
  return URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
}

/** The address of the typed module, which is how it is known in the stack of an error. */
let typedAddress = '';

async function loadRule(script: string): Promise<(options: object) => optimizers.Optimizer> {
  const linked = script.replace(
    /\b(from\s*|import\s*)(['"])@downhill\/([a-z-]+)\2/g,
    (whole, keyword: string, quote: string, name: string) =>
      Object.hasOwn(packages, name) ? `${keyword}${quote}${addressOf(name)}${quote}` : whole,
  );
  typedAddress = addressOfScript(linked);
  const module = (await import(/* @vite-ignore */ typedAddress)) as { readonly default?: unknown };
  if (typeof module.default !== 'function') {
    throw new Error('expected `export default` with what defineOptimizer returns');
  }
  return module.default as (options: object) => optimizers.Optimizer;
}

async function makeOptimizer({ script, learningRate }: Job): Promise<optimizers.Optimizer> {
  const make = await loadRule(script);
  return make(learningRate === undefined ? {} : { learningRate });
}

async function race(job: RaceJob): Promise<void> {
  const { x, y, loss, ending } = runRule(await makeOptimizer(job), job.course);
  port.postMessage({ kind: 'trajectory', x, y, loss, ending });
}

async function train(job: TrainingJob): Promise<void> {
  tensor.setBackend(await wasm({ threads: 1 }));
  const trainer = new Trainer(job.options, job.examples, await makeOptimizer(job));
  let losses: number[] = [];
  await loop(
    () => losses.push(trainer.step().loss) > 0 && trainer.steps < job.options.steps,
    () => {
      port.postMessage({ kind: 'losses', losses });
      losses = [];
    },
    new AbortController().signal,
  );
  port.postMessage({ kind: 'trained' });
}

/** Where in the typed module an error came from: the innermost call that is in it. */
function lineOf({ stack }: Error): readonly [line: number, column: number] | undefined {
  const place = stack?.split(typedAddress)[1];
  const found = typedAddress === '' ? null : /^:(\d+):(\d+)/.exec(place ?? '');
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

let port: MessagePort;

/** Once: a sandbox does one job. */
addEventListener(
  'message',
  ({ ports }: MessageEvent) => {
    port = ports[0];
    port.onmessage = ({ data }: MessageEvent<Job>) => {
      (data.kind === 'race' ? race(data) : train(data)).catch((error: unknown) => {
        const fault = error instanceof Error ? error : new Error(String(error));
        port.postMessage({ kind: 'fault', message: fault.message, place: lineOf(fault) });
      });
    };
    port.postMessage({ kind: 'ready' });
  },
  { once: true },
);
