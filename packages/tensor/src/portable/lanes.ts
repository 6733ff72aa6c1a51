import type { DType } from '../dtype.js';
import { isFloating, promote } from '../dtype.js';
import type { BinaryName, UnaryName } from '../operation.js';
import type { WordName } from '../lowering/program.js';
import { erf } from './erf.js';

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
export type UnaryKernel = (out: Values, a: Values, aMask: number, count: number) => void;
export type BinaryKernel = (
  out: Values,
  a: Values,
  aMask: number,
  b: Values,
  bMask: number,
  count: number,
) => void;

/** Rounds what an operation gave, computed in doubles, to the dtype it has. */
export const ROUND: Record<DType, (values: Values, count: number) => void> = {
  bool: () => {},
  uint8: (values, count) => {
    for (let i = 0; i < count; i++) values[i] &= 255;
  },
  int32: (values, count) => {
    for (let i = 0; i < count; i++) values[i] |= 0;
  },
  float32: (values, count) => {
    for (let i = 0; i < count; i++) values[i] = Math.fround(values[i]);
  },
  float64: () => {},
};

function each(f: (a: number) => number): UnaryKernel {
  return (out, a, aMask, count) => {
    for (let i = 0; i < count; i++) out[i] = f(a[i & aMask]);
  };
}

function eachPair(f: (a: number, b: number) => number): BinaryKernel {
  return (out, a, aMask, b, bMask, count) => {
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

const UNARY: Record<UnaryName, UnaryKernel> = {
  neg: (out, a, aMask, count) => {
    for (let i = 0; i < count; i++) out[i] = -a[i & aMask];
  },
  sqrt: (out, a, aMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.sqrt(a[i & aMask]);
  },
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
};

const xor: BinaryKernel = (out, a, aMask, b, bMask, count) => {
  for (let i = 0; i < count; i++) out[i] = a[i & aMask] ^ b[i & bMask];
};

/** Written out where updates and activations spend their time: a call for each element takes several times as long. */
const BINARY: Record<BinaryName | WordName, BinaryKernel> = {
  add: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] + b[i & bMask];
  },
  sub: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] - b[i & bMask];
  },
  mul: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] * b[i & bMask];
  },
  div: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] / b[i & bMask];
  },
  maximum: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.max(a[i & aMask], b[i & bMask]);
  },
  less: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i & aMask] < b[i & bMask] ? 1 : 0;
  },
  minimum: eachPair(Math.min),
  pow: eachPair(power),
  equal: eachPair((a, b) => (a === b ? 1 : 0)),
  notEqual: eachPair((a, b) => (a !== b ? 1 : 0)),
  lessEqual: eachPair((a, b) => (a <= b ? 1 : 0)),
  and: eachPair((a, b) => a & b),
  or: eachPair((a, b) => a | b),
  xor,
  wordAdd: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = (a[i & aMask] + b[i & bMask]) | 0;
  },
  wordXor: xor,
  rotateLeft: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) {
      const word = a[i & aMask];
      const by = b[i & bMask];
      out[i] = (word << by) | (word >>> (32 - by));
    }
  },
  shiftRight: eachPair((a, b) => (a >>> b) | 0),
};

/** The same, rounding to float32 at once. */
const FLOAT32: Partial<typeof BINARY> = {
  add: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] + b[i & bMask]);
  },
  sub: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] - b[i & bMask]);
  },
  mul: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] * b[i & bMask]);
  },
  div: (out, a, aMask, b, bMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask] / b[i & bMask]);
  },
};

/** The product of two int32 may need more bits than a double has. */
const INTEGER: Partial<typeof BINARY> = { mul: eachPair(Math.imul) };

/** Operations whose results are of the dtype as they come, if it is a floating one; those on words always are. */
const EXACT: ReadonlySet<string> = new Set<UnaryName | BinaryName>([
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'maximum',
  'minimum',
]);
const WORDS: ReadonlySet<string> = new Set<WordName>(['wordAdd', 'wordXor', 'rotateLeft', 'shiftRight']);

function needsRound(name: string, dtype: DType): boolean {
  if (dtype === 'bool' || dtype === 'float64' || WORDS.has(name)) return false;
  return !(dtype === 'float32' && EXACT.has(name));
}

/** What computes an operation, and whether its results have yet to be rounded to the dtype. */
export function unaryOf(name: UnaryName, dtype: DType): { kernel: UnaryKernel; round: boolean } {
  return { kernel: UNARY[name], round: needsRound(name, dtype) };
}

export function binaryOf(
  name: BinaryName | WordName,
  dtype: DType,
): { kernel: BinaryKernel; round: boolean } {
  const special = dtype === 'float32' ? FLOAT32[name] : isFloating(dtype) ? undefined : INTEGER[name];
  if (special !== undefined) return { kernel: special, round: dtype === 'uint8' };
  return { kernel: BINARY[name], round: needsRound(name, dtype) };
}

function saturate(low: number, high: number): UnaryKernel {
  return each((x) => (x > low ? (x < high ? Math.trunc(x) + 0 : high) : x <= low ? low : 0));
}

const CAST: Record<DType, UnaryKernel> = {
  bool: each((x) => (x !== 0 ? 1 : 0)),
  uint8: saturate(0, 255),
  int32: saturate(-2147483648, 2147483647),
  float32: (out, a, aMask, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.fround(a[i & aMask]);
  },
  float64: each((x) => x),
};

/** What casts; undefined where the values stay what they are. */
export function castOf(from: DType, to: DType): UnaryKernel | undefined {
  const widens = promote(from, to) === to && !(from === 'int32' && to === 'float32');
  return widens ? undefined : CAST[to];
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
