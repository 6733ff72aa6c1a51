import type V8 from 'node:v8';
import type { Backend, Shape, TypedArray } from '@downhill/tensor';
import { BackendError, compile, einsum, iota, sizeOf, windows, zeros } from '@downhill/tensor';
import { bestOf } from './ceilings.js';
import { nodeModule } from './node-module.js';

/** What has been made of the engine's flags: they hold for the whole process. */
export interface Engine {
  /** The flag that is set, as Node's command line knows it. */
  readonly flag: string | undefined;
  /** Why there is none, or what it gained. */
  readonly report: string;
}

interface Flag {
  readonly name: string;
  /** How far sums may move by it, as a part of the sum of the absolute values of the products. */
  readonly tolerance: number;
}

/**
 * What may help, by the major version of V8. Relaxed SIMD rounds a multiply-add once rather than twice; vectors of
 * 256 bits in place of two of 128 change no bit. On Node 22 (V8 12) the latter is known but gains nothing.
 */
const FLAGS: Readonly<Record<string, Flag>> = {
  // Node 20
  11: { name: '--experimental-wasm-relaxed-simd', tolerance: 1e-6 },
  // Node 24
  13: { name: '--experimental-wasm-revectorize', tolerance: 0 },
};

/** What a flag must spare of the time at least, of everything that is tried. */
const GAIN = 0.05;

/**
 * How often: engines count runs before they compile their best code, Node 20 some 250, Node 24 500 to 1100 (AMD Zen 5,
 * 2026-11).
 */
const RUNS = 1500;

/** What is tried: what comes of it, and how many seconds it takes at best. */
export interface Trial {
  readonly name: string;
  readonly sums: TypedArray;
  /** How many products, of numbers below 1, each sum adds up. */
  readonly products: number;
  readonly time: number;
}

export const UNASKED: Engine = { flag: undefined, report: 'engine flags were not asked for' };

let adopted: Promise<Engine> | undefined;

/**
 * Sets the flag that this version of Node's engine may gain by, if products, convolutions and gradients by weights come out
 * right with it and all of them faster; once for the process. `makeBackend` makes a backend of its own to try it on. Throws a
 * BackendError outside Node.
 */
export async function adoptFlags(makeBackend: () => Backend): Promise<Engine> {
  if (typeof process !== 'object') {
    throw new BackendError('wasm: engineFlags: browsers have none that can be set; leave the option out');
  }
  return (adopted ??= tryKnownFlag(makeBackend));
}

async function tryKnownFlag(makeBackend: () => Backend): Promise<Engine> {
  const version = process.versions.v8 ?? 'none';
  const flag = FLAGS[version.split('.')[0]];
  if (flag === undefined) return { flag: undefined, report: `no flag is known to help V8 ${version}` };
  const { setFlagsFromString } = await nodeModule<typeof V8>('node:v8');
  let trials = 0;
  return tryFlag(flag, setFlagsFromString, () => {
    const backend = makeBackend();
    return WORKS.map((work) => run(backend, work, trials++));
  });
}

/** Sets a flag, and takes it back unless all that `trial` does comes out the same with it, within the tolerance, and faster. */
export function tryFlag(
  { name, tolerance }: Flag,
  setFlag: (flag: string) => void,
  trial: () => readonly Trial[],
): Engine {
  const before = trial();
  setFlag(name);
  let problem: string | undefined;
  try {
    const after = trial();
    const isRight = after.every(({ sums, products }, work) =>
      sums.every((sum, i) => Math.abs(sum - before[work].sums[i]) <= tolerance * products),
    );
    const parts = after.map(({ time }, work) => time / before[work].time);
    const each = after.map((work, i) => `${work.name} ${parts[i].toFixed(2)}`);
    const times = `${each.join(', ')} of the time without it`;
    if (!isRight) problem = 'results differ';
    else if (Math.max(...parts) > 1 - GAIN) problem = times;
    else return { flag: name, report: `${name}: ${times}` };
  } catch (error) {
    problem = String(error);
  }
  setFlag(name.replace(/^--/, '--no-'));
  return { flag: undefined, report: `${name} is not used: ${problem}` };
}

interface Work extends Pick<Trial, 'name' | 'products'> {
  readonly shapes: readonly Shape[];
  /** How the factors are multiplied; where the first are images, their windows are. */
  readonly formula: string;
}

/** Of images. */
const WINDOW = 5;

/** What training spends its time with, each as small as the engine's clock allows. */
const WORKS: readonly Work[] = [
  {
    name: 'products',
    products: 128,
    shapes: [
      [128, 128],
      [128, 128],
    ],
    formula: 'ik,kj->ij',
  },
  {
    name: 'convolutions',
    products: 8 * WINDOW ** 2,
    shapes: [
      [1, 8, 28, 28],
      [16, 8, WINDOW, WINDOW],
    ],
    formula: 'ncyxij,ocij->noyx',
  },
  {
    name: 'gradients by weights',
    products: 8 * 10 * 10,
    shapes: [
      [8, 6, 14, 14],
      [8, 16, 10, 10],
    ],
    formula: 'ncyxij,noyx->ocij',
  },
];

/** Multiplies numbers below 1 again and again. */
function run(backend: Backend, { name, products, shapes, formula }: Work, number: number): Trial {
  const step = compile((a, b) => [
    einsum(formula, a.rank === 4 ? windows(a, { axes: [2, 3], size: WINDOW }) : a, b),
    // Of equal modules the engine would compile one: what else the program gives makes it another.
    iota(number + 1),
  ]);
  const [a, b] = shapes.map((shape) => zeros(shape));
  const executable = backend.compile(step.program(a, b));
  let state = 1;
  const inputs = shapes.map((shape) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 31 - 1;
    }),
  );
  let sums!: TypedArray;
  const time = bestOf(RUNS, () => {
    [sums] = executable.run({ inputs, scalars: [], residents: [] }).outputs;
  });
  return { name, products, sums, time };
}
