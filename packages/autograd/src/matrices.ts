import { cast, equal, iota, reshape, stack, zeros, type Tensor, type TensorLike } from '@downhill/tensor';
import { argument } from './argument.js';
import { gradients } from './gradients.js';

/**
 * The Jacobian of `fn` at x: all derivatives of its value by x, in shape [...value, ...x]. There is one walk back for
 * each element of the value, so this is for small ones: see `vjp` and `jvp` for products with it.
 */
export function jacobian(fn: (x: Tensor) => Tensor, x: TensorLike): Tensor {
  const point = argument(x);
  const value = fn(point);
  const shape = [...value.shape, ...point.shape];
  if (value.size === 0) return zeros(shape, { dtype: point.dtype });
  const rows = Array.from({ length: value.size }, (_, i) => {
    const seed = reshape(cast(equal(iota(value.size), i), value.dtype), value.shape);
    return gradients(value, [point], { seed, unused: 'zero' })[0];
  });
  return reshape(stack(rows), shape);
}

/** The Hessian of a scalar function at x: all its second derivatives, in shape [...x, ...x]. For small x: see `hvp`. */
export function hessian(fn: (x: Tensor) => Tensor, x: TensorLike): Tensor {
  return jacobian((point) => gradients(fn(point), [point], { unused: 'zero' })[0], x);
}
