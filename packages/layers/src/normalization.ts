import { DownhillError, mean, square, sub, type Tensor, type Variable } from '@downhill/tensor';

/** What layers that normalize need of x, with the reduced axes kept as extents of 1. */
export interface Moments {
  readonly mean: Tensor;
  /** x − mean. */
  readonly centered: Tensor;
  /** The mean of centered². */
  readonly variance: Tensor;
}

/** Mean and (biased) variance over axes. */
export function moments(x: Tensor | Variable, axis: readonly number[]): Moments {
  const center = mean(x, { axis, keepDims: true });
  const centered = sub(x, center);
  return { mean: center, centered, variance: mean(square(centered), { axis, keepDims: true }) };
}

/** Throws unless ε, which keeps a variance of 0 from being divided by, is above 0. */
export function checkEpsilon(name: string, epsilon: number): void {
  if (!(epsilon > 0 && Number.isFinite(epsilon))) {
    throw new DownhillError(`${name}: expected an epsilon above 0, got ${epsilon}`);
  }
}
