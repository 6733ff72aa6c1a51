/** 2^32 divided by the golden ratio: steps of it fall far apart. */
const GOLDEN = 0x9e3779b9;

/** One hash of whole numbers, in their order. */
export function hash(...values: readonly number[]): number {
  return values.reduce((key, value) => mix(key ^ value), 0);
}

/** 32 random bits that depend on nothing but `key` and `place`. */
export function bitsAt(key: number, place: number): number {
  return mix(key + Math.imul(place, GOLDEN));
}

/** Numbers in [0, 1), one for each call, that depend on nothing but the keys: no state outlives the stream. */
export function randomStream(...keys: readonly number[]): () => number {
  const key = hash(...keys);
  let place = 0;
  return () => bitsAt(key, ++place) / 2 ** 32;
}

/** 32 bits to 32 bits, each of which depends on all: the finalizer of MurmurHash3 (Appleby 2011), once before and after a step. */
function mix(value: number): number {
  return finalize(finalize(value) + GOLDEN);
}

function finalize(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
