import {
  div,
  exp,
  logSumExp,
  max,
  stopGradient,
  sub,
  sum,
  type Axis,
  type Tensor,
  type TensorLike,
  type Variable,
} from '@downhill/tensor';
import { Module } from './module.js';

export interface SoftmaxOptions {
  /** The axis that adds up to 1; the last by default. */
  readonly axis?: Axis;
}

/** eˣ / Σ eˣ along an axis: positive, and 1 in sum. The largest x is taken off first, so nothing overflows. */
export function softmax(x: TensorLike, { axis = -1 }: SoftmaxOptions = {}): Tensor {
  const powers = exp(sub(x, stopGradient(max(x, { axis, keepDims: true }))));
  return div(powers, sum(powers, { axis, keepDims: true }));
}

/** log(softmax(x)) along an axis, exact where the softmax itself is too small to be told from 0. */
export function logSoftmax(x: TensorLike, { axis = -1 }: SoftmaxOptions = {}): Tensor {
  return sub(x, logSumExp(x, { axis, keepDims: true }));
}

/** {@link softmax} as a module. For training, give logits to `crossEntropy` instead. */
export class Softmax extends Module {
  readonly axis: Axis;

  /** `axis` is the last by default. */
  constructor({ axis = -1 }: SoftmaxOptions = {}) {
    super();
    this.axis = axis;
  }

  override forward(x: Tensor | Variable): Tensor {
    return softmax(x, { axis: this.axis });
  }
}

/** {@link logSoftmax} as a module. */
export class LogSoftmax extends Module {
  readonly axis: Axis;

  /** `axis` is the last by default. */
  constructor({ axis = -1 }: SoftmaxOptions = {}) {
    super();
    this.axis = axis;
  }

  override forward(x: Tensor | Variable): Tensor {
    return logSoftmax(x, { axis: this.axis });
  }
}
