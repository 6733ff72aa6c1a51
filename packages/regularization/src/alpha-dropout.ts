import { where, type Tensor } from '@downhill/tensor';
import { SELU_ALPHA, SELU_SCALE } from '@downhill/layers';
import { keepMask, type MaskOptions } from './mask.js';
import { RandomLayer } from './random-layer.js';

/** What SELU gives far below 0. */
const LOWEST = -SELU_ALPHA * SELU_SCALE;

/**
 * Dropout for networks of SELU: brings units to SELU's lowest value instead of 0 while training, then scales and shifts
 * all so that mean 0 and variance 1 stay what they are. Klambauer et al. (2017), section 3.
 */
export class AlphaDropout extends RandomLayer {
  /** `rate` is the fraction that is dropped, at least 0 and below 1. */
  constructor(rate: number, options?: MaskOptions) {
    super('AlphaDropout', rate, options);
  }

  protected override change(x: Tensor): Tensor {
    const { rate, generator } = this;
    const keep = 1 - rate;
    const scale = 1 / Math.sqrt(keep + LOWEST ** 2 * keep * rate);
    const shift = -scale * rate * LOWEST;
    return where(keepMask(x.shape, rate, generator), x, LOWEST)
      .mul(scale)
      .add(shift);
  }
}
