import { readFileSync } from 'node:fs';
import { DownhillError, ShapeError } from '@downhill/tensor';
import {
  meanSubtraction,
  principalComponents,
  standardization,
  whitening,
  type Dataset,
} from '@downhill/data';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricEigen } from '../src/symmetric-eigen.js';

interface Statistics {
  readonly mean: number[];
  readonly deviation: number[];
}

// Made by make.py: NumPy 1.24.2.
const golden = JSON.parse(readFileSync(new URL('./golden/data.json', import.meta.url), 'utf8')) as {
  images: number[];
  pixel: Statistics;
  channel: Statistics;
  components: { variances: number[]; directions: number[]; projected: number[]; whitened: number[] };
};
const training: Dataset = {
  shape: [2, 2, 2],
  images: Float32Array.from(golden.images),
  labels: new Int32Array(12),
};
/** One example, of which nothing was fitted. */
const other: Dataset = { shape: [2, 2, 2], images: new Float32Array(8).fill(2), labels: Int32Array.of(1) };

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i] - value)).toBeLessThan(tolerance);
  });
}

describe('preprocessing', () => {
  it.each(['pixel', 'channel'] as const)('has the means and deviations of NumPy, per %s', (per) => {
    const { mean, deviation } = golden[per];
    const fitted = standardization(training, { per });
    expectClose(meanSubtraction(training, { per }).mean, mean, 1e-12);
    expectClose(fitted.mean, mean, 1e-12);
    expectClose(fitted.deviation, deviation, 1e-12);
    const at = (i: number): number => (per === 'pixel' ? i : Math.floor(i / 4));
    const centered = [...other.images].map((value, i) => value - mean[at(i)]);
    expectClose(meanSubtraction(training, { per }).apply(other).images, centered, 1e-6);
    expectClose(
      fitted.apply(other).images,
      centered.map((value, i) => value / (deviation[at(i)] || 1)),
      1e-5,
    );
  });

  it('projects and whitens as NumPy does', () => {
    const { variances, directions, projected, whitened } = golden.components;
    const fitted = principalComponents(training, { components: 6 });
    expectClose(fitted.variances, variances.slice(0, 6), 1e-12);
    expectClose(fitted.directions, directions, 1e-9);
    expect(fitted.apply(training).shape).toEqual([6]);
    expectClose(fitted.apply(training).images, projected, 1e-6);
    expectClose(whitening(training, { components: 6, epsilon: 0.01 }).apply(training).images, whitened, 1e-6);
  });

  it('leaves what it is fitted on and given as it was', () => {
    const before = [training.images.slice(), other.images.slice()];
    for (const fit of [meanSubtraction, standardization, principalComponents, whitening])
      fit(training).apply(other);
    expect([training.images, other.images]).toEqual(before);
  });

  it('says what is wrong', () => {
    const empty = { ...training, images: new Float32Array(0), labels: new Int32Array(0) };
    for (const fit of [meanSubtraction, standardization, principalComponents, whitening]) {
      expect(() => fit(empty)).toThrow('cannot be fitted on no examples');
      expect(() => fit(training).apply({ ...other, shape: [8] })).toThrow(ShapeError);
    }
    expect(() => meanSubtraction({ ...training, shape: [8] }, { per: 'channel' })).toThrow(ShapeError);
    expect(() => principalComponents(training, { components: 9 })).toThrow(
      'images of 8 numbers have no 9 components',
    );
    expect(() => whitening(training, { epsilon: 0 })).toThrow(DownhillError);
  });
});

describe('symmetricEigen', () => {
  it('takes any symmetric matrix apart: A v = λ v, orthogonal, in falling order', () => {
    const matrices = fc
      .integer({ min: 1, max: 12 })
      .chain((n) =>
        fc.tuple(
          fc.constant(n),
          fc.array(fc.integer({ min: -3, max: 3 }), { minLength: n * n, maxLength: n * n }),
        ),
      );
    fc.assert(
      fc.property(matrices, ([n, numbers]) => {
        const matrix = Float64Array.from(numbers, (_, i) => {
          const [row, column] = [Math.floor(i / n), i % n];
          return numbers[row * n + column] + numbers[column * n + row];
        });
        const { values, vectors } = symmetricEigen(matrix, n);
        for (let a = 0; a < n; a++) {
          const v = vectors.subarray(a * n, (a + 1) * n);
          if (a > 0) expect(values[a]).toBeLessThanOrEqual(values[a - 1]);
          for (let i = 0; i < n; i++) {
            const image = v.reduce((sum, value, j) => sum + matrix[i * n + j] * value, 0);
            expect(Math.abs(image - values[a] * v[i])).toBeLessThan(1e-11);
            const dot = v.reduce((sum, value, j) => sum + value * vectors[i * n + j], 0);
            expect(Math.abs(dot - (a === i ? 1 : 0))).toBeLessThan(1e-12);
          }
        }
      }),
    );
  });
});
