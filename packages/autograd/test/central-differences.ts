import { expect } from 'vitest';
import { add, mul, sum, tensor, type Shape, type Tensor } from '@downhill/tensor';
import { gradients } from '../src/index.js';

const STEP = 1e-5;

/** Element values and shape of an input in float64. */
export interface Point {
  readonly shape: Shape;
  readonly data: readonly number[];
}

export function float64({ shape, data }: Point): Tensor {
  return tensor(Float64Array.from(data), { shape });
}

/** A scalar of all elements, each with a weight of its own, so that no two derivatives can be exchanged unnoticed. */
export function weightedSum(...tensors: readonly Tensor[]): Tensor {
  return tensors
    .map((each, k) => {
      const weights = Float64Array.from({ length: each.size }, (_, i) => Math.cos(1 + i + 100 * k));
      return sum(mul(each, tensor(weights, { shape: each.shape })));
    })
    .reduce((a, b) => add(a, b));
}

/** Checks all gradients of a scalar function against (f(x + h) - f(x - h)) / 2h. */
export function expectCentralDifferences(
  fn: (...inputs: Tensor[]) => Tensor,
  points: readonly Point[],
): void {
  const inputs = points.map(float64);
  const analytic = gradients(fn(...inputs), inputs, { unused: 'zero' });
  // Differences lose to rounding what the steepest direction gains: errors are measured against that.
  const steepest = Math.max(0, ...analytic.flatMap((each) => [...each.dataSync()].map(Math.abs)));
  points.forEach(({ shape, data }, k) => {
    expect(analytic[k].shape).toEqual(shape);
    expect(analytic[k].dtype).toBe('float64');
    const values = analytic[k].dataSync();
    data.forEach((_, i) => {
      const at = (offset: number): number => {
        const moved = { shape, data: data.map((value, j) => (j === i ? value + offset : value)) };
        return fn(...inputs.map((input, j) => (j === k ? float64(moved) : input))).item();
      };
      const numeric = (at(STEP) - at(-STEP)) / (2 * STEP);
      const tolerance = 1e-6 * (1 + steepest);
      expect(
        Math.abs(values[i] - numeric),
        `input ${k}, element ${i}: ${values[i]} for ${numeric}`,
      ).toBeLessThan(tolerance);
    });
  });
}
