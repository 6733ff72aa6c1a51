import { generator, ShapeError } from '@downhill/tensor';
import { heNormal, heUniform, xavierNormal, xavierUniform, type Initializer } from '@downhill/layers';
import { describe, expect, it } from 'vitest';

/** [name, initializer, variance of a weight matrix with 400 inputs and 100 outputs, by the formula in the paper]. */
const table: [string, Initializer, number][] = [
  ['xavierUniform', xavierUniform, 2 / 500],
  ['xavierNormal', xavierNormal, 2 / 500],
  ['heUniform', heUniform, 2 / 400],
  ['heNormal', heNormal, 2 / 400],
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
