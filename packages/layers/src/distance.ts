import { greater, sqrt, square, sub, sum, where, type Tensor, type Variable } from '@downhill/tensor';

/** Σ (a − b)² over the last axis. */
export function squaredDistance(a: Tensor | Variable, b: Tensor | Variable): Tensor {
  return sum(square(sub(a, b)), { axis: -1 });
}

/** √ of a squared distance, with the gradient 0 where it is 0. */
export function rootOf(squared: Tensor): Tensor {
  const apart = greater(squared, 0);
  return where(apart, sqrt(where(apart, squared, 1)), 0);
}
