import { formatShape, ShapeError, type Tensor, type Variable } from '@downhill/tensor';
import type { ForwardOptions } from '@downhill/layers';
import { keepLeading, type MaskOptions } from './mask.js';
import { RandomLayer } from './random-layer.js';

/**
 * Drops whole channels of [N, C, ...] while training, each example's for itself, and scales the others: neighbouring
 * places say much the same, so dropping single ones would hide little. Tompson et al. (2015), section 3.2.
 */
export class SpatialDropout extends RandomLayer {
  /** `rate` is the fraction that is dropped, at least 0 and below 1. */
  constructor(rate: number, options?: MaskOptions) {
    super('SpatialDropout', rate, options);
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    if (x.rank < 2) throw new ShapeError(`SpatialDropout: expected [N, C, ...], got ${formatShape(x.shape)}`);
    return super.forward(x, options);
  }

  protected override change(x: Tensor): Tensor {
    return keepLeading(x, 2, this.rate, this.generator);
  }
}
