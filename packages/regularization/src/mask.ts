import {
  DownhillError,
  mul,
  random,
  where,
  type Generator,
  type Shape,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import type { ForwardOptions } from '@downhill/layers';

/** What all layers that drop at random may be told. */
export interface MaskOptions {
  /** What masks are drawn from; the default generator, whose seed is fixed, unless given. */
  readonly generator?: Generator;
}

/**
 * True where something is kept, with probability 1 − rate. Only the number of the draw is remembered: the backward
 * pass draws the same mask again.
 */
export function keepMask(shape: Shape, rate: number, generator: Generator | undefined): Tensor {
  return random.bernoulli(shape, { probability: 1 - rate, generator });
}

/** x where a mask, which broadcasts to it, is true, divided by the probability of that; 0 elsewhere. */
export function keepScaled(x: Tensor | Variable, mask: Tensor, rate: number): Tensor {
  return where(mask, mul(x, 1 / (1 - rate)), 0);
}

/** The same with a mask of the first `axes` axes: what lies behind them is kept or dropped as one. */
export function keepLeading(x: Tensor, axes: number, rate: number, generator: Generator | undefined): Tensor {
  const shape = x.shape.map((extent, axis) => (axis < axes ? extent : 1));
  return keepScaled(x, keepMask(shape, rate, generator), rate);
}

/** Throws unless `rate`, the fraction that is dropped, is at least 0 and below 1; `name` begins the message. */
export function checkRate(name: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new DownhillError(
    `${name}: expected a rate of at least 0 and below 1, the fraction that is dropped, got ${rate}` +
      (rate === 1 ? ': nothing would be left' : ''),
  );
}

/** Whether a pass draws masks: while training, unless `stochastic` says otherwise. */
export function drops({ training = false, stochastic = training }: ForwardOptions = {}): boolean {
  return stochastic;
}
