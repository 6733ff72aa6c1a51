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
 * Stochastic depth: at the end of a residual block's body, leaves the whole body out for some examples while training, and
 * scales it for the others, so that networks are shallow in training and deep in testing. Huang et al. (2016), equation
 * 2, with the scaling in training.
 */
export class DropPath extends Module {
  readonly generator: Generator | undefined;

  /** `rate` is the fraction of examples that go without, at least 0 and below 1. */
  constructor(
    readonly rate: number,
    { generator }: MaskOptions = {},
  ) {
    super();
    checkRate('DropPath', rate);
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const { rate, generator } = this;
    if (x.rank < 1) throw new ShapeError(`DropPath: expected [N, ...], got ${formatShape(x.shape)}`);
    if (rate === 0 || !drops(options)) return asTensor(x, 'DropPath');
    const examples = x.shape.map((extent, axis) => (axis === 0 ? extent : 1));
    return keepScaled(x, keepMask(examples, rate, generator), rate);
  }
}
