import { mul, type Tensor, type TensorLike, type Variable } from '@downhill/tensor';
import { elu } from './elu.js';
import { Module } from './module.js';

/** α and λ for which mean 0 and variance 1 are a fixed point. Klambauer et al. (2017), equation 14. */
export const SELU_ALPHA = 1.6732632423543772;
export const SELU_SCALE = 1.0507009873554805;

/**
 * λ x above 0, λ α (eˣ − 1) elsewhere: with `lecunNormal` weights, signals keep to mean 0 and variance 1 by themselves.
 * Klambauer et al. (2017), equation 2. At 0 the derivative is λ α.
 */
export function selu(x: TensorLike): Tensor {
  return mul(elu(x, { alpha: SELU_ALPHA }), SELU_SCALE);
}

/** {@link selu} as a module. */
export class SELU extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return selu(x);
  }
}
