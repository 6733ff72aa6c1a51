import { asTensor, Tensor, type TensorLike } from '@downhill/tensor';

/** What a custom derivative may use besides the gradient. */
export interface CustomGradientContext {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

/**
 * A function with a derivative of your own: `fn` gives the value; `derivative` gets the gradient of the loss by that
 * value, and returns the gradient by each input, in its shape and dtype. To be differentiated again, `derivative` must
 * be made of differentiable operations; for `jvp` it must be linear in `gradient`.
 *
 * ```ts
 * const clipped = customGradient((x) => x, (gradient) => [gradient.clip(-1, 1)]);
 * ```
 */
export function customGradient(
  fn: (...inputs: Tensor[]) => Tensor,
  derivative: (gradient: Tensor, context: CustomGradientContext) => readonly Tensor[],
): (...inputs: TensorLike[]) => Tensor {
  return (...operands) => {
    const inputs = operands.map((operand) => asTensor(operand, 'customGradient'));
    const value = fn(...inputs);
    const output: Tensor = new Tensor(
      { name: 'customGradient', derivative: (gradient) => derivative(gradient, { inputs, output }) },
      [value, ...inputs],
      value.shape,
      value.dtype,
    );
    return output;
  };
}
