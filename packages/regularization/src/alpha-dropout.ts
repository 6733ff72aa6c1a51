import { asTensor, where, type Generator, type Tensor, type Variable } from '@downhill/tensor';
import { Module, SELU_ALPHA, SELU_SCALE, type ForwardOptions } from '@downhill/layers';
import { checkRate, drops, keepMask, type MaskOptions } from './mask.js';

/** What SELU gives far below 0. */
const LOWEST = -SELU_ALPHA * SELU_SCALE;

/**
 * Dropout for networks of SELU: brings units to SELU's lowest value instead of 0 while training, then scales and shifts
 * all so that mean 0 and variance 1 stay what they are. Klambauer et al. (2017), section 3.
 */
export class AlphaDropout extends Module {
  readonly generator: Generator | undefined;

  /** `rate` is the fraction that is dropped, at least 0 and below 1. */
  constructor(
    readonly rate: number,
    { generator }: MaskOptions = {},
  ) {
    super();
    checkRate('AlphaDropout', rate);
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const { rate, generator } = this;
    if (rate === 0 || !drops(options)) return asTensor(x, 'AlphaDropout');
    const keep = 1 - rate;
    const scale = 1 / Math.sqrt(keep + LOWEST ** 2 * keep * rate);
    const shift = -scale * rate * LOWEST;
    return where(keepMask(x.shape, rate, generator), x, LOWEST)
      .mul(scale)
      .add(shift);
  }
}
