import { DownhillError } from '@downhill/tensor';
import { bitsAt, hash } from './random-stream.js';

/**
 * The numbers 0 to count - 1 in an order drawn from all orders alike (Fisher and Yates). The order depends on nothing
 * but the arguments: draw i is a hash of (seed, stream, i), so no state is kept, and epoch 7 can be had without
 * epochs 0 to 6. It is done on the host, where batches are put together.
 */
export function shuffledOrder(count: number, seed: number, stream = 0): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const key = hash(seed, stream);
  for (let i = count - 1; i > 0; i--) {
    const bits = bitsAt(key, i);
    const other = Math.floor((bits / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

/** Throws unless `value` is a whole number of at least `least`, and below 2^32. */
export function checkWhole(where: string, value: number, least = 0): void {
  if (!Number.isInteger(value) || value < least || value >= 2 ** 32) {
    throw new DownhillError(`${where}: expected a whole number of at least ${least}, got ${String(value)}`);
  }
}
