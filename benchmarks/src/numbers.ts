/**
 * Numbers that every contender makes for itself and that are the same, to the bit, in all of them: a hash of where they
 * stand. `peers/pytorch.py` has the same few lines.
 */
export interface Numbers {
  readonly shape: readonly number[];
  readonly seed: number;
  /** Values are uniform from offset − spread to offset + spread; rounded down where they are integers. */
  readonly offset: number;
  readonly spread: number;
  readonly integers: boolean;
}

/** Uniform from -1 to 1. */
export function uniform(shape: readonly number[], seed: number, spread = 1): Numbers {
  return { shape, seed, offset: 0, spread, integers: false };
}

export function constant(shape: readonly number[], value: number): Numbers {
  return { shape, seed: 0, offset: value, spread: 0, integers: false };
}

/** Integers from 0 to below `classes`. */
export function labels(count: number, classes: number, seed: number): Numbers {
  return { shape: [count], seed, offset: classes / 2, spread: classes / 2, integers: true };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function floats(numbers: Numbers): Float32Array {
  return fill(new Float32Array(sizeOf(numbers.shape)), numbers);
}

export function integers(numbers: Numbers): Int32Array {
  return fill(new Int32Array(sizeOf(numbers.shape)), numbers);
}

function fill<Values extends Float32Array | Int32Array>(
  values: Values,
  { seed, offset, spread, integers }: Numbers,
): Values {
  for (let i = 0; i < values.length; i++) {
    const value = offset + spread * (hash(i, seed) / 2 ** 31 - 1);
    values[i] = integers ? Math.floor(value) : value;
  }
  return values;
}

/** The finalizer of MurmurHash3, from 0 to 2^32 - 1. */
function hash(place: number, seed: number): number {
  let h = Math.imul(place + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x7feb352d);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
