import { arange, flip, slice, tensor, where } from '@downhill/tensor';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { agree } from './agreement.js';

/** Around the least extent of a loop that computes four vectors in a turn: with every rest. */
const extent = fc.integer({ min: 2 ** 16 - 4, max: 2 ** 16 + 40 });

function numbers(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * 12.9898) * 100));
}

describe('a long loop gives what the portable backend gives', () => {
  test('for values that lie side by side, apart, and from the last to the first', () => {
    fc.assert(
      fc.property(extent, (count) => {
        const x = tensor(numbers(2 * count), { shape: [2 * count] });
        const apart = slice(x, [undefined, undefined, 2]);
        const behind = slice(x, [1, count + 1]);
        agree(apart.mul(behind).add(flip(behind)).sub(apart));
      }),
      { numRuns: 25, seed: 20261128 },
    );
  });

  test('for places, and for bools', () => {
    fc.assert(
      fc.property(extent, (count) => {
        const x = tensor(numbers(count), { shape: [count] });
        const places = arange(0, count, 1, { dtype: 'int32' }).cast('float32');
        const even = places.div(2).floor().mul(2).equal(places);
        agree(even);
        agree(where(even, x, places.mul(x)));
      }),
      { numRuns: 25, seed: 20261128 },
    );
  });
});
