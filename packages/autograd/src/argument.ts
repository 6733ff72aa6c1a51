import { asTensor, Tensor, type TensorLike } from '@downhill/tensor';

/**
 * A new node of the same value, by which a function can be differentiated: the function sees this node and nothing
 * else is it, even where the function's own constants are made of x. Gradients still flow on through it to x.
 */
export function argument(x: TensorLike): Tensor {
  const input = asTensor(x, 'argument');
  return new Tensor({ name: 'reshape' }, [input], input.shape, input.dtype, input.weak);
}
