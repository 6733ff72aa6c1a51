import { DownhillError } from '@downhill/tensor';

/**
 * The numbers 0 to count - 1 in an order drawn from all orders alike (Fisher and Yates). The order depends on nothing
 * but the arguments: draw i is a hash of (seed, stream, i), so no state is kept, and epoch 7 can be had without
 * epochs 0 to 6. It is done on the host, where batches are put together.
 */
export function shuffledOrder(count: number, seed: number, stream = 0): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const key = mix(mix(seed) ^ stream);
  for (let i = count - 1; i > 0; i--) {
    const bits = mix(key + Math.imul(i, GOLDEN));
    const other = Math.floor((bits / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

/** 2^32 divided by the golden ratio: steps of it fall far apart. */
const GOLDEN = 0x9e3779b9;

/** 32 bits to 32 bits, each of which depends on all: the finalizer of MurmurHash3 (Appleby 2011), once before and after a step. */
function mix(value: number): number {
  return finalize(finalize(value) + GOLDEN);
}

function finalize(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Throws unless `value` is a whole number of at least `least`, and below 2^32. */
export function checkWhole(where: string, value: number, least = 0): void {
  if (!Number.isInteger(value) || value < least || value >= 2 ** 32) {
    throw new DownhillError(`${where}: expected a whole number of at least ${least}, got ${String(value)}`);
  }
}
