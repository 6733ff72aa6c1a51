import { asTensor, type Generator, type Tensor, type Variable } from '@downhill/tensor';
import { Module, type ForwardOptions } from '@downhill/layers';
import { checkRate, drops, type MaskOptions } from './mask.js';

/** What layers share that change their input at random while training, and leave it as it is when testing. */
export abstract class RandomLayer extends Module {
  readonly generator: Generator | undefined;

  /** `rate` is the fraction that is dropped, at least 0 and below 1; `where` begins messages. */
  constructor(
    protected readonly where: string,
    readonly rate: number,
    { generator }: MaskOptions = {},
  ) {
    super();
    checkRate(where, rate);
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const input = asTensor(x, this.where);
    return this.rate === 0 || !drops(options) ? input : this.change(input);
  }

  /** What training makes of x, at a rate above 0. */
  protected abstract change(x: Tensor): Tensor;
}
