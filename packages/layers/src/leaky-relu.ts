import {
  DownhillError,
  greater,
  mul,
  where,
  type Tensor,
  type TensorLike,
  type Variable,
} from '@downhill/tensor';
import { Module } from './module.js';

export interface LeakyReLUOptions {
  /** The slope below 0; 0.01 by default. */
  readonly slope?: number;
}

/** x above 0, slope · x elsewhere, so that no unit is ever without gradient; at 0 the derivative is the slope. */
export function leakyRelu(x: TensorLike, { slope = 0.01 }: LeakyReLUOptions = {}): Tensor {
  checkSlope('leakyRelu', slope);
  return where(greater(x, 0), x, mul(x, slope));
}

/** {@link leakyRelu} as a module. */
export class LeakyReLU extends Module {
  readonly slope: number;

  /** `slope` is 0.01 by default. */
  constructor({ slope = 0.01 }: LeakyReLUOptions = {}) {
    super();
    checkSlope('LeakyReLU', slope);
    this.slope = slope;
  }

  override forward(x: Tensor | Variable): Tensor {
    return leakyRelu(x, this);
  }
}

function checkSlope(name: string, slope: number): void {
  if (!Number.isFinite(slope)) throw new DownhillError(`${name}: expected a finite slope, got ${slope}`);
}
