import {
  asTensor,
  formatShape,
  ShapeError,
  type Generator,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { Module, type ForwardOptions } from '@downhill/layers';
import { checkRate, drops, keepMask, keepScaled, type MaskOptions } from './mask.js';

/**
 * Drops whole channels of [N, C, ...] while training, each example's for itself, and scales the others: neighbouring
 * places say much the same, so dropping single ones would hide little. Tompson et al. (2015), section 3.2.
 */
export class SpatialDropout extends Module {
  readonly generator: Generator | undefined;

  /** `rate` is the fraction that is dropped, at least 0 and below 1. */
  constructor(
    readonly rate: number,
    { generator }: MaskOptions = {},
  ) {
    super();
    checkRate('SpatialDropout', rate);
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const { rate, generator } = this;
    if (x.rank < 2) {
      throw new ShapeError(`SpatialDropout: expected [N, C, ...], got ${formatShape(x.shape)}`);
    }
    if (rate === 0 || !drops(options)) return asTensor(x, 'SpatialDropout');
    const channels = x.shape.map((extent, axis) => (axis < 2 ? extent : 1));
    return keepScaled(x, keepMask(channels, rate, generator), rate);
  }
}
