import type { DType } from '../dtype.js';
import { isFloating, limitsOf, promote } from '../dtype.js';
import type { BinaryName, UnaryName } from '../operation.js';
import type { WordName } from '../lowering/program.js';
import { erf } from './erf.js';

type ScalarName = UnaryName | BinaryName | WordName;

/** How many values of an expression are computed at a time. */
export const BLOCK = 128;

/**
 * The values of an expression along a block of the vector axis, in doubles whatever the dtype (each dtype's values are
 * doubles too, and one kind of array keeps these loops fast). Lane i is values[i & mask]: mask is -1, or 0 where
 * one value serves all lanes.
 */
export interface Lanes {
  readonly values: Float64Array;
  readonly mask: number;
}

type Values = Float64Array;

/** Fills `out` from one operand or two; that of one operand is given it twice. */
export type Kernel = (out: Values, count: number, a: Values, aMask: number, b: Values, bMask: number) => void;

/** Rounds what was computed in doubles to a dtype; the values of the others come as they should be. */
export const ROUND: Partial<Record<DType, (values: Values, count: number) => void>> = {
  uint8: (values, count) => {
    for (let i = 0; i < count; i++) values[i] &= 255;
  },
  int32: (values, count) => {
    for (let i = 0; i < count; i++) values[i] |= 0;
  },
  float32: (values, count) => {
    for (let i = 0; i < count; i++) values[i] = Math.fround(values[i]);
  },
};

function each(f: (a: number, b: number) => number): Kernel {
  return (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = f(a[i & aMask], b[i & bMask]);
  };
}

function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** Half to even. */
function round(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** IEEE 754's pow, which is NumPy's; JavaScript's gives NaN where the base is ±1 and the exponent NaN or infinite. */
export function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return Math.pow(x, y);
}

const xor: Kernel = (out, count, a, aMask, b, bMask) => {
  for (let i = 0; i < count; i++) out[i] = a[i & aMask] ^ b[i & bMask];
};

/** Written out where updates and activations spend their time: a call for each element takes several times as long. */
const KERNELS: Record<ScalarName, Kernel> = {
  neg: (out, count, a, aMask) => {
    for (let i = 0; i < count; i++) out[i] = -a[i & aMask];
  },
  sqrt: (out, count, a, aMask) => {
    for (let i = 0; i < count; i++) out[i] = Math.sqrt(a[i & aMask]);
  },
  add: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] + b[i & bMask];
  },
  sub: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] - b[i & bMask];
  },
  mul: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] * b[i & bMask];
  },
  div: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] / b[i & bMask];
  },
  maximum: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = Math.max(a[i & aMask], b[i & bMask]);
  },
  less: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] < b[i & bMask] ? 1 : 0;
  },
  wordAdd: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = (a[i & aMask] + b[i & bMask]) | 0;
  },
  rotateLeft: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) {
      const word = a[i & aMask];
      const by = b[i & bMask];
      out[i] = (word << by) | (word >>> (32 - by));
    }
  },
  wordXor: xor,
  xor,
  abs: each(Math.abs),
  sign: each(Math.sign),
  exp: each(Math.exp),
  expm1: each(Math.expm1),
  log: each(Math.log),
  log1p: each(Math.log1p),
  sin: each(Math.sin),
  cos: each(Math.cos),
  tanh: each(Math.tanh),
  sigmoid: each(sigmoid),
  softplus: each((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  erf: each(erf),
  floor: each(Math.floor),
  ceil: each(Math.ceil),
  round: each(round),
  not: each((x) => (x === 0 ? 1 : 0)),
  minimum: each(Math.min),
  pow: each(power),
  equal: each((a, b) => (a === b ? 1 : 0)),
  notEqual: each((a, b) => (a !== b ? 1 : 0)),
  lessEqual: each((a, b) => (a <= b ? 1 : 0)),
  and: each((a, b) => a & b),
  or: each((a, b) => a | b),
  shiftRight: each((a, b) => (a >>> b) | 0),
};

/** The same, rounding to float32 at once. */
const FLOAT32: Partial<typeof KERNELS> = {
  add: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] + b[i & bMask]);
  },
  sub: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] - b[i & bMask]);
  },
  mul: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] * b[i & bMask]);
  },
  div: (out, count, a, aMask, b, bMask) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] / b[i & bMask]);
  },
};

/** Operations whose results are of the dtype as they come. */
const EXACT: ReadonlySet<string> = new Set<ScalarName>([
  'sign',
  'floor',
  'ceil',
  'round',
  'maximum',
  'minimum',
  'wordAdd',
  'wordXor',
  'rotateLeft',
  'shiftRight',
]);

/** What computes an operation, and what rounds its results to the dtype, if that has yet to be done. */
export function kernelOf(name: ScalarName, dtype: DType): [kernel: Kernel, round?: (typeof ROUND)[DType]] {
  const special = dtype === 'float32' ? FLOAT32[name] : undefined;
  if (special) return [special];
  // The product of two int32 may need more bits than a double has.
  const kernel = name === 'mul' && !isFloating(dtype) ? each(Math.imul) : KERNELS[name];
  return [kernel, EXACT.has(name) ? undefined : ROUND[dtype]];
}

/** What casts; undefined where the values stay what they are. */
export function castOf(from: DType, to: DType): Kernel | undefined {
  if (promote(from, to) === to && !(from === 'int32' && to === 'float32')) return undefined;
  if (to === 'bool') return each((x) => (x !== 0 ? 1 : 0));
  if (to === 'float32') return each(Math.fround);
  const [low, high] = limitsOf(to);
  return each((x) => (x > low ? (x < high ? Math.trunc(x) + 0 : high) : x <= low ? low : 0));
}

/** total[i & totalMask] combined with each value: into one total for each lane, or into one of all. */
type Fold = (total: Values, totalMask: number, value: Values, mask: number, count: number) => void;

function fold(f: (total: number, value: number) => number): Fold {
  return (total, totalMask, value, mask, count) => {
    for (let i = 0; i < count; i++) total[i & totalMask] = f(total[i & totalMask], value[i & mask]);
  };
}

const sum: Fold = (total, totalMask, value, mask, count) => {
  for (let i = 0; i < count; i++) total[i & totalMask] += value[i & mask];
};

const FOLD: Record<'sum' | 'prod' | 'max' | 'min', Fold> = {
  sum,
  prod: fold((total, value) => total * value),
  max: fold(Math.max),
  min: fold(Math.min),
};

const INTEGER_FOLD: typeof FOLD = {
  ...FOLD,
  sum: fold((total, value) => (total + value) | 0),
  prod: fold(Math.imul),
};

export function foldOf(combine: 'sum' | 'prod' | 'max' | 'min', dtype: DType): Fold {
  return (isFloating(dtype) ? FOLD : INTEGER_FOLD)[combine];
}
