import { relu, sigmoid, softplus, tanh, type Tensor, type Variable } from '@downhill/tensor';
import { Module } from './module.js';

/** max(0, x); its gradient at 0 is 0. */
export class ReLU extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return relu(x);
  }
}

/** The hyperbolic tangent, between -1 and 1. */
export class Tanh extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return tanh(x);
  }
}

/** 1 / (1 + e⁻ˣ), between 0 and 1. */
export class Sigmoid extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return sigmoid(x);
  }
}

/** log(1 + eˣ), a smooth ReLU. */
export class Softplus extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return softplus(x);
  }
}
