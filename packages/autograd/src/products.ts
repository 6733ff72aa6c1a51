import {
  add,
  asTensor,
  formatShape,
  mul,
  ShapeError,
  sum,
  zerosLike,
  type Tensor,
  type TensorLike,
} from '@downhill/tensor';
import { argument } from './argument.js';
import { gradients } from './gradients.js';

/** A function of tensors that gives one tensor. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/**
 * The vector-Jacobian product: the value of `fn` at `inputs`, and `pullback`, which turns a cotangent (a tensor like
 * the value) into vᵀJ, one tensor like each input.
 */
export function vjp(
  fn: TensorFunction,
  inputs: readonly TensorLike[],
): { value: Tensor; pullback: (cotangent: Tensor) => Tensor[] } {
  const points = inputs.map(argument);
  const value = fn(...points);
  return { value, pullback: (seed) => gradients(value, points, { seed, unused: 'zero' }) };
}

/**
 * The Jacobian-vector product: the value of `fn` at `inputs`, and the rate J t at which it changes as the inputs
 * move along `tangents`, one like each input. It is the derivative of the pullback, which is linear in its
 * cotangent (https://j-towns.github.io/2017/06/12/A-new-trick.html), so what it costs is a small multiple of `fn`.
 */
export function jvp(
  fn: TensorFunction,
  inputs: readonly TensorLike[],
  tangents: readonly TensorLike[],
): { value: Tensor; tangent: Tensor } {
  const { value, pullback } = vjp(fn, inputs);
  const cotangent = argument(zerosLike(value));
  const along = innerProduct('jvp', pullback(cotangent), tangents);
  return { value, tangent: gradients(along, [cotangent], { unused: 'zero' })[0] };
}

/**
 * The Hessian-vector product of a scalar function: what the matrix of its second derivatives at `inputs` makes of
 * `vectors`, one like each input. The matrix itself is never made.
 */
export function hvp(
  fn: TensorFunction,
  inputs: readonly TensorLike[],
  vectors: readonly TensorLike[],
): Tensor[] {
  const points = inputs.map(argument);
  const first = gradients(fn(...points), points, { unused: 'zero' });
  return gradients(innerProduct('hvp', first, vectors), points, { unused: 'zero' });
}

function innerProduct(where: string, tensors: readonly Tensor[], vectors: readonly TensorLike[]): Tensor {
  const shapesOf = (list: readonly TensorLike[]): string =>
    list.map((each) => formatShape(asTensor(each, where).shape)).join(', ');
  if (tensors.length === 0 || shapesOf(tensors) !== shapesOf(vectors)) {
    throw new ShapeError(
      `${where}: expected one vector for each input, of its shape: (${shapesOf(tensors)}), got (${shapesOf(vectors)})`,
    );
  }
  return tensors.map((each, i) => sum(mul(each, vectors[i]))).reduce((a, b) => add(a, b));
}
