import { asTensor, mul, random, type Generator, type Tensor, type Variable } from '@downhill/tensor';
import { Module, type ForwardOptions } from '@downhill/layers';
import { checkRate, drops, type MaskOptions } from './mask.js';

/**
 * Multiplies each unit by a normal number of mean 1 while training, with the variance rate / (1 − rate) that dropout of
 * that rate has. Srivastava et al. (2014), section 10.
 */
export class GaussianDropout extends Module {
  readonly generator: Generator | undefined;

  /** `rate` is that of the dropout with the same variance, at least 0 and below 1. */
  constructor(
    readonly rate: number,
    { generator }: MaskOptions = {},
  ) {
    super();
    checkRate('GaussianDropout', rate);
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const { rate, generator } = this;
    if (rate === 0 || !drops(options)) return asTensor(x, 'GaussianDropout');
    const deviation = Math.sqrt(rate / (1 - rate));
    return mul(x, random.normal(x.shape, { mean: 1, deviation, dtype: x.dtype, generator }));
  }
}
