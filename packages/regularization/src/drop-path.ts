import { formatShape, ShapeError, type Tensor, type Variable } from '@downhill/tensor';
import type { ForwardOptions } from '@downhill/layers';
import { keepLeading, type MaskOptions } from './mask.js';
import { RandomLayer } from './random-layer.js';

/**
 * Stochastic depth: at the end of a residual block's body, leaves the whole body out for some examples while training, and
 * scales it for the others, so that networks are shallow in training and deep in testing. Huang et al. (2016), equation
 * 2, with the scaling in training.
 */
export class DropPath extends RandomLayer {
  /** `rate` is the fraction of examples that go without, at least 0 and below 1. */
  constructor(rate: number, options?: MaskOptions) {
    super('DropPath', rate, options);
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    if (x.rank < 1) throw new ShapeError(`DropPath: expected [N, ...], got ${formatShape(x.shape)}`);
    return super.forward(x, options);
  }

  protected override change(x: Tensor): Tensor {
    return keepLeading(x, 1, this.rate, this.generator);
  }
}
