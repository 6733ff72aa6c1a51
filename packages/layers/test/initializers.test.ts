import { DownhillError, eye, generator, random, ShapeError } from '@downhill/tensor';
import {
  constant,
  gaussian,
  heNormal,
  heUniform,
  identity,
  lecunNormal,
  lecunUniform,
  Linear,
  orthogonal,
  Sequential,
  xavierNormal,
  xavierUniform,
  type Initializer,
} from '@downhill/layers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** [name, initializer, variance of a weight matrix with 400 inputs and 100 outputs, by the formula in the paper]. */
const table: [string, Initializer, number][] = [
  ['xavierUniform', xavierUniform, 2 / 500],
  ['xavierNormal', xavierNormal, 2 / 500],
  ['heUniform', heUniform, 2 / 400],
  ['heNormal', heNormal, 2 / 400],
  ['lecunUniform', lecunUniform, 1 / 400],
  ['lecunNormal', lecunNormal, 1 / 400],
];

describe.each(table)('%s', (_, initializer, variance) => {
  const draw = (seed: number): number[] => [
    ...initializer([100, 400], { generator: generator(seed) }).dataSync(),
  ];

  it('has mean 0 and the variance of its paper', () => {
    const values = draw(1);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const second = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    // Four standard errors: of a mean √(σ² / n), of a variance at most σ² √(2 / n).
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / values.length));
    expect(Math.abs(second / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
  });

  it('is the same for the same seed, and another for another', () => {
    expect(draw(2)).toEqual(draw(2));
    expect(draw(2)).not.toEqual(draw(3));
  });

  it('takes fans from the shape, of a convolution too, unless they are given', () => {
    const convolution = initializer([10, 4, 5, 5], { generator: generator(4) }).dataSync();
    const given = initializer([10, 4, 5, 5], { generator: generator(4), fanIn: 100, fanOut: 250 }).dataSync();
    expect(convolution).toEqual(given);
  });

  it('wants two axes, or fans', () => {
    expect(() => initializer([10])).toThrow(ShapeError);
    expect(() => initializer([10])).toThrow('has fewer than the two axes [out, in]; give fanIn and fanOut');
    expect(() => initializer([10, 10], { fanIn: 0 })).toThrow('expected fans above 0');
    expect(initializer([10], { fanIn: 10, fanOut: 10 }).shape).toEqual([10]);
  });
});

it('the uniform ones stay within their bounds, and come near them', () => {
  const largest = (initializer: Initializer): number =>
    Math.max(
      ...initializer([100, 50], { generator: generator(5) })
        .dataSync()
        .map(Math.abs),
    );
  const [xavier, he] = [Math.sqrt(6 / 150), Math.sqrt(6 / 50)];
  expect(largest(xavierUniform)).toBeLessThanOrEqual(xavier + 1e-7);
  expect(largest(xavierUniform)).toBeGreaterThan(0.99 * xavier);
  expect(largest(heUniform)).toBeLessThanOrEqual(he + 1e-7);
  expect(largest(heUniform)).toBeGreaterThan(0.99 * he);
});

describe('gaussian', () => {
  it('has the deviation it is given, 0.01 by default, whatever the fans', () => {
    for (const [initializer, deviation] of [
      [gaussian(), 0.01],
      [gaussian(2), 2],
    ] as const) {
      const values = [...initializer([100, 100], { generator: generator(6) }).dataSync()];
      const second = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      expect(Math.abs(second / deviation ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
    }
    expect(gaussian()([3]).shape).toEqual([3]);
    expect(() => gaussian(-1)).toThrow(DownhillError);
  });
});

describe('orthogonal', () => {
  it('has orthonormal rows, or columns if there are more rows, times its gain', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.nat(),
        (rows, columns, gain, seed) => {
          const weight = orthogonal(gain)([rows, columns], { dtype: 'float64', generator: generator(seed) });
          const gram =
            rows <= columns ? weight.matmul(weight.transpose()) : weight.transpose().matmul(weight);
          const expected = eye(Math.min(rows, columns), undefined, { dtype: 'float64' }).mul(gain ** 2);
          expect(gram.sub(expected).square().max().item()).toBeLessThan(1e-24 * gain ** 4 + 1e-26);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps its rows apart in a kernel too, and differs by seed', () => {
    const kernel = orthogonal()([4, 3, 2, 2], { generator: generator(1) });
    expect(kernel.shape).toEqual([4, 3, 2, 2]);
    const rows = kernel.reshape([4, 12]);
    expect(rows.matmul(rows.transpose()).sub(eye(4)).square().max().item()).toBeLessThan(1e-12);
    expect(kernel.toArray()).toEqual(orthogonal()([4, 3, 2, 2], { generator: generator(1) }).toArray());
    expect(kernel.toArray()).not.toEqual(orthogonal()([4, 3, 2, 2], { generator: generator(2) }).toArray());
    expect(() => orthogonal()([4])).toThrow(ShapeError);
    expect(() => orthogonal(NaN)).toThrow(DownhillError);
  });
});

describe('constant and identity', () => {
  it('constant is one number everywhere', () => {
    expect(constant(0.5)([2, 2]).toArray()).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
  });

  it('identity passes signals on, as a matrix and as a kernel', () => {
    expect(identity([2, 3]).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(identity([2, 2, 3]).toArray()).toEqual([
      [
        [0, 1, 0],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 1, 0],
      ],
    ]);
    expect(() => identity([3])).toThrow(ShapeError);
  });
});

it('without an activation a deep network is one linear map: the product of its matrices', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 7 }),
      fc.nat(),
      (widths, seed) => {
        const source = generator(seed);
        const layers = widths
          .slice(1)
          .map(
            (width, i) => new Linear(widths[i], width, { bias: false, generator: source, dtype: 'float64' }),
          );
        const x = random.normal([5, widths[0]], { dtype: 'float64', generator: source });
        const product = layers.reduce(
          (matrix, { weight }) => weight.matmul(matrix),
          eye(widths[0], undefined, { dtype: 'float64' }),
        );
        const deep = new Sequential(layers).forward(x);
        const scale = Math.max(1, deep.square().max().item());
        expect(deep.sub(x.matmul(product.transpose())).square().max().item() / scale).toBeLessThan(1e-24);
      },
    ),
    { numRuns: 20 },
  );
});
