import type { Tensor, TensorLike } from '@downhill/tensor';
import { argument } from './argument.js';
import { gradients } from './gradients.js';

/** A function whose first argument is a tensor; the others may be anything. */
export type Differentiable<Rest extends readonly unknown[]> = (x: Tensor, ...rest: Rest) => Tensor;

/**
 * The function that computes the value of the scalar function `fn` and its gradient by the first argument. The other
 * arguments are passed on as they are. Where `fn` does not depend on the argument the gradient is 0.
 */
export function valueAndGrad<Rest extends readonly unknown[]>(
  fn: Differentiable<Rest>,
): (x: TensorLike, ...rest: Rest) => { value: Tensor; gradient: Tensor } {
  return (x, ...rest) => {
    const input = argument(x);
    const value = fn(input, ...rest);
    return { value, gradient: gradients(value, [input], { unused: 'zero' })[0] };
  };
}

/** The function that computes the gradient of the scalar function `fn` by its first argument: `grad(grad(fn))` works. */
export function grad<Rest extends readonly unknown[]>(
  fn: Differentiable<Rest>,
): (x: TensorLike, ...rest: Rest) => Tensor {
  const both = valueAndGrad(fn);
  return (x, ...rest) => both(x, ...rest).gradient;
}
