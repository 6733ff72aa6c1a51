import type V8 from 'node:v8';
import type { Backend, Executable, TypedArray } from '@downhill/tensor';
import { BackendError, compile, einsum, iota, matmul, sizeOf, windows, zeros } from '@downhill/tensor';
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
 * What is known to help, by the major version of V8. Relaxed SIMD rounds a multiply-add once rather than twice; vectors of
 * 256 bits in place of two of 128 change no bit. On Node 22 (V8 12) the latter is known but gains nothing.
 */
const FLAGS: Readonly<Record<string, Flag>> = {
  // Node 20
  11: { name: '--experimental-wasm-relaxed-simd', tolerance: 1e-6 },
  // Node 24
  13: { name: '--experimental-wasm-revectorize', tolerance: 0 },
};

/** What a flag must spare of the time at least. */
const GAIN = 0.05;

/** Rows and columns of the matrices that are multiplied to find out. */
const SIZE = 128;

/** How often: engines count runs before they compile their best code, Node 20 some 250, Node 24 500 to 1100. */
const RUNS = 1500;

/** What comes of the products, and how long they take at best, in milliseconds. */
export interface Trial {
  readonly sums: TypedArray;
  readonly time: number;
}

export const UNASKED: Engine = { flag: undefined, report: 'engine flags were not asked for' };

let adopted: Promise<Engine> | undefined;

/**
 * Sets the flag that this version of Node's engine is known to gain by, if a small matrix product and a convolution come out
 * right with it and faster; once for the process. `makeBackend` makes a backend of its own to try it on. Throws a BackendError outside Node.
 */
export async function adoptFlags(makeBackend: () => Backend): Promise<Engine> {
  if (typeof process !== 'object') {
    throw new BackendError(
      'wasm: engineFlags: only the flags of Node can be set, not those of a browser; leave the option out',
    );
  }
  return (adopted ??= tryKnownFlag(makeBackend));
}

async function tryKnownFlag(makeBackend: () => Backend): Promise<Engine> {
  const version = process.versions.v8 ?? 'none';
  const flag = FLAGS[version.split('.')[0]];
  if (flag === undefined) return { flag: undefined, report: `no flag is known to help V8 ${version}` };
  const { setFlagsFromString } = await nodeModule<typeof V8>('node:v8');
  let trials = 0;
  return tryFlag(flag, setFlagsFromString, () => multiply(makeBackend(), trials++));
}

/** Sets a flag, and takes it back unless `trial` gives the same with it, within the tolerance, and is faster. */
export function tryFlag(
  { name, tolerance }: Flag,
  setFlag: (flag: string) => void,
  trial: () => Trial,
): Engine {
  const before = trial();
  setFlag(name);
  let problem: string | undefined;
  try {
    const after = trial();
    const part = after.time / before.time;
    const isRight = after.sums.every((sum, i) => Math.abs(sum - before.sums[i]) <= tolerance * SIZE);
    if (!isRight) problem = 'results differ';
    else if (part > 1 - GAIN) problem = `products take ${part.toFixed(2)} of the time`;
    else return { flag: name, report: `${name}: products take ${part.toFixed(2)} of the time` };
  } catch (error) {
    problem = String(error);
  }
  setFlag(name.replace(/^--/, '--no-'));
  return { flag: undefined, report: `${name} is not used: ${problem}` };
}

/** Multiplies matrices of numbers below 1, and windows of images with weights, again and again. */
function multiply(backend: Backend, number: number): Trial {
  // Of equal modules the engine would compile one: what else the program gives makes it another.
  const products = compile((a, b, images, weights) => [
    matmul(a, b),
    einsum('ncyxij,ocij->noyx', windows(images, { axes: [2, 3], size: 3 }), weights),
    iota(number + 1),
  ]);
  const shapes = [
    [SIZE, SIZE],
    [SIZE, SIZE],
    [1, 16, 34, 34],
    [16, 16, 3, 3],
  ];
  const [a, b, images, weights] = shapes.map((shape) => zeros(shape));
  const executable = backend.compile(products.program(a, b, images, weights));
  let state = 1;
  const inputs = shapes.map((shape) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 31 - 1;
    }),
  );
  const run = (): ReturnType<Executable['run']> => executable.run({ inputs, scalars: [], residents: [] });
  let time = Infinity;
  let { outputs } = run();
  for (let i = 1; i < RUNS; i++) {
    const start = performance.now();
    ({ outputs } = run());
    time = Math.min(time, performance.now() - start);
  }
  return { sums: Float32Array.from([...outputs[0], ...outputs[1]]), time };
}
