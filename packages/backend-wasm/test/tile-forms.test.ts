import { gradients } from '@downhill/autograd';
import type { Tensor } from '@downhill/tensor';
import { compile, einsum, matmul, portable, setBackend, sum, tensor, windows } from '@downhill/tensor';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TileForms } from '../src/contraction/tile-forms.js';
import { CANDIDATES, timeTileForms } from '../src/contraction/tile-forms.js';
import { UNASKED } from '../src/engine-flags.js';
import { Wasm } from '../src/wasm.js';

const all = CANDIDATES.one.flatMap((one) =>
  CANDIDATES.several.map((several): TileForms => ({ one, several })),
);

/** Six rows, all in loops. */
const plain: TileForms = { one: CANDIDATES.one[1], several: CANDIDATES.several[1] };

afterEach(() => {
  setBackend(portable());
});

/** Numbers whose sums are rounded, and so differ where they are added up in another order. */
const numbers = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      (_, i) => Math.sin(seed + i * 12.9898) * 1e3,
    ),
    { shape },
  );

function resultsOf(fn: () => Tensor[], tileForms: TileForms): Float32Array[] {
  setBackend(new Wasm(false, UNASKED, tileForms));
  return compile(fn)().map((each) => Float32Array.from(each.dataSync()));
}

const extent = fc.integer({ min: 1, max: 40 });

describe('tiles of every form', () => {
  test('give the same sums of products, to the bit', () => {
    const inside = fc.oneof(extent, fc.integer({ min: 500, max: 1100 }));
    fc.assert(
      fc.property(extent, inside, extent, fc.nat(2), (rows, products, columns, stored) => {
        const [left, right] = [numbers([rows, products], 1), numbers([products, columns], 2)];
        const [turnedLeft, turnedRight] = [numbers([products, rows], 3), numbers([columns, products], 4)];
        const fn = (): Tensor[] => [
          matmul(
            stored === 1 ? turnedLeft.transpose() : left,
            stored === 2 ? turnedRight.transpose() : right,
          ),
        ];
        const expected = resultsOf(fn, plain);
        for (const forms of all) expect(resultsOf(fn, forms)).toEqual(expected);
      }),
      { numRuns: 12, seed: 20261125 },
    );
  });

  test('give the same passes of a convolution, to the bit', () => {
    const channels = fc.integer({ min: 1, max: 20 });
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(channels, channels, size, fc.nat(2), extent, (inside, outside, window, padding, width) => {
        const x = numbers([2, inside, window + 3, window + width], 1);
        const weights = numbers([outside, inside, window, window], 2);
        const fn = (): Tensor[] => {
          const y = einsum('ncyxuv,ocuv->noyx', windows(x, { axes: [2, 3], size: window, padding }), weights);
          return [y, ...gradients(sum(y.mul(y)), [x, weights])];
        };
        const expected = resultsOf(fn, plain);
        for (const forms of all) expect(resultsOf(fn, forms)).toEqual(expected);
      }),
      { numRuns: 12, seed: 20261125 },
    );
  });
});

test('an engine is given forms that were tried on it', () => {
  const { one, several } = timeTileForms(false);
  expect(CANDIDATES.one).toContain(one);
  expect(CANDIDATES.several).toContain(several);
});

test('each form has its turns, however late it is by then', () => {
  let seconds = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1e3 * seconds++);
  try {
    timeTileForms(false);
    const turns = clock.mock.calls.length / 2 / (CANDIDATES.one.length + CANDIDATES.several.length);
    expect(turns).toBeGreaterThan(30);
  } finally {
    clock.mockRestore();
  }
});
