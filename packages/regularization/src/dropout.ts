import { asTensor, mul, where, type Generator, type Tensor, type Variable } from '@downhill/tensor';
import { Module, type ForwardOptions } from '@downhill/layers';
import { checkRate, drops, keepMask, keepScaled, type MaskOptions } from './mask.js';

export interface DropoutOptions extends MaskOptions {
  /**
   * `inverted` (the default) divides by the keep probability while training and leaves testing alone; `standard`, as first
   * published, leaves what is kept alone while training and multiplies by the keep probability when testing.
   */
  readonly mode?: 'inverted' | 'standard';
}

/**
 * Sets each unit to 0 with probability `rate` while training, so that no unit can rely on another; a dropped unit gets
 * no gradient either. Srivastava et al. (2014), section 4.
 */
export class Dropout extends Module {
  readonly mode: 'inverted' | 'standard';
  readonly generator: Generator | undefined;

  /** `rate` is the fraction that is dropped, at least 0 and below 1. */
  constructor(
    readonly rate: number,
    { mode = 'inverted', generator }: DropoutOptions = {},
  ) {
    super();
    checkRate('Dropout', rate);
    this.mode = mode;
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const { rate, mode, generator } = this;
    const input = asTensor(x, 'Dropout');
    if (rate === 0) return input;
    if (!drops(options)) return mode === 'inverted' ? input : mul(input, 1 - rate);
    const mask = keepMask(x.shape, rate, generator);
    return mode === 'inverted' ? keepScaled(input, mask, rate) : where(mask, input, 0);
  }
}
