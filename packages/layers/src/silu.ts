import { mul, sigmoid, type Tensor, type TensorLike, type Variable } from '@downhill/tensor';
import { Module } from './module.js';

/** x sigmoid(x), also called swish. Elfwing, Uchibe & Doya (2018), equation 5. */
export function silu(x: TensorLike): Tensor {
  return mul(x, sigmoid(x));
}

/** {@link silu} as a module. */
export class SiLU extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return silu(x);
  }
}
