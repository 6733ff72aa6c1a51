import { add, asTensor, erf, mul, tanh, type Tensor, type TensorLike, type Variable } from '@downhill/tensor';
import { Module } from './module.js';

export interface GELUOptions {
  /** `tanh` for the approximation that some trained networks were made with; exact by default. */
  readonly approximation?: 'none' | 'tanh';
}

/** x Φ(x), with Φ the normal distribution's cumulative probability. Hendrycks & Gimpel (2016), section 2. */
export function gelu(x: TensorLike, { approximation = 'none' }: GELUOptions = {}): Tensor {
  const input = asTensor(x, 'gelu');
  const gate =
    approximation === 'tanh'
      ? tanh(mul(add(input, mul(mul(mul(input, input), input), 0.044715)), Math.sqrt(2 / Math.PI)))
      : erf(mul(input, Math.SQRT1_2));
  return mul(mul(input, 0.5), add(gate, 1));
}

/** {@link gelu} as a module. */
export class GELU extends Module {
  readonly approximation: 'none' | 'tanh';

  /** Exact unless `approximation` is `tanh`. */
  constructor({ approximation = 'none' }: GELUOptions = {}) {
    super();
    this.approximation = approximation;
  }

  override forward(x: Tensor | Variable): Tensor {
    return gelu(x, this);
  }
}
