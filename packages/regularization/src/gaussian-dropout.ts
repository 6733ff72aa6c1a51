import { mul, random, type Tensor } from '@downhill/tensor';
import type { MaskOptions } from './mask.js';
import { RandomLayer } from './random-layer.js';

/**
 * Multiplies each unit by a normal number of mean 1 while training, with the variance rate / (1 − rate) that dropout of
 * that rate has. Srivastava et al. (2014), section 10.
 */
export class GaussianDropout extends RandomLayer {
  /** `rate` is that of the dropout with the same variance, at least 0 and below 1. */
  constructor(rate: number, options?: MaskOptions) {
    super('GaussianDropout', rate, options);
  }

  protected override change(x: Tensor): Tensor {
    const { rate, generator } = this;
    const deviation = Math.sqrt(rate / (1 - rate));
    return mul(x, random.normal(x.shape, { mean: 1, deviation, dtype: x.dtype, generator }));
  }
}
