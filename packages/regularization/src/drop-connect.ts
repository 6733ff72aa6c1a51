import {
  concat,
  DownhillError,
  formatShape,
  isVariable,
  random,
  reshape,
  ShapeError,
  split,
  sqrt,
  square,
  where,
  zerosLike,
  type Generator,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { Identity, Module, substitute, type ForwardOptions } from '@downhill/layers';
import { checkRate, drops, keepMask, keepScaled, type MaskOptions } from './mask.js';

/** A layer whose outputs are sums of products of `weight` and its input, and of `bias` if it has one. */
export type WeightedLayer = Module & { readonly weight: Variable; readonly bias?: Variable };

export interface DropConnectOptions extends MaskOptions {
  /** As for `Dropout`: `inverted` (the default) scales while training, `standard`, as published, when testing. */
  readonly mode?: 'inverted' | 'standard';
  /** What follows the layer; nothing by default. Moment matching needs to know it, for it averages what comes out. */
  readonly activation?: Module;
  /**
   * How testing stands in for the average over all masks: by the network of `mean` weights (the default), or by
   * `gaussian` moment matching, which draws sums of a unit from the normal distribution with their mean and variance.
   */
  readonly inference?: 'mean' | 'gaussian';
  /** How many draws moment matching averages over; 100 by default. */
  readonly samples?: number;
  /** How many masks a batch is trained with, each for an equal part of it; 1 by default, in the paper one an example. */
  readonly masks?: number;
}

/**
 * Drops single weights of a layer while training instead of units: of any linear layer or convolution, which keeps its
 * own weights. Biases are not dropped. Wan et al. (2013), algorithms 1 and 2.
 */
export class DropConnect<Layer extends WeightedLayer = WeightedLayer> extends Module {
  readonly activation: Module;
  readonly mode: 'inverted' | 'standard';
  readonly inference: 'mean' | 'gaussian';
  readonly samples: number;
  readonly masks: number;
  readonly generator: Generator | undefined;

  /** `rate` is the fraction of weights that is dropped, at least 0 and below 1. */
  constructor(
    readonly layer: Layer,
    readonly rate: number,
    {
      mode = 'inverted',
      activation = new Identity(),
      inference = 'mean',
      samples = 100,
      masks = 1,
      generator,
    }: DropConnectOptions = {},
  ) {
    super();
    if (!isVariable(layer.weight)) {
      throw new DownhillError('DropConnect: expected a layer with a variable called weight, such as Linear');
    }
    checkRate('DropConnect', rate);
    for (const [name, count] of Object.entries({ samples, masks })) {
      if (Number.isInteger(count) && count >= 1) continue;
      throw new DownhillError(
        `DropConnect: expected ${name} to be a whole number of at least 1, got ${count}`,
      );
    }
    this.activation = activation;
    this.mode = mode;
    this.inference = inference;
    this.samples = samples;
    this.masks = masks;
    this.generator = generator;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const activate = (sums: Tensor): Tensor => this.activation.forward(sums, options);
    if (this.rate > 0 && drops(options)) return activate(this.masked(x, options));
    const { mean, variance } = this.moments(x, options);
    if (this.rate === 0 || this.inference === 'mean') return activate(mean);
    const { samples, generator } = this;
    const noise = random.normal([samples, ...mean.shape], { dtype: mean.dtype, generator });
    const drawn = noise.mul(sqrt(variance)).add(mean);
    const seen = activate(reshape(drawn, [samples * mean.shape[0], ...mean.shape.slice(1)]));
    return reshape(seen, [samples, mean.shape[0], ...seen.shape.slice(1)]).mean({ axis: 0 });
  }

  /** What masks make of the layer's sums for x: their mean and variance, before the activation. Equation 5 of the paper. */
  moments(
    x: Tensor | Variable,
    options?: ForwardOptions,
  ): { readonly mean: Tensor; readonly variance: Tensor } {
    const { layer, rate, mode } = this;
    const keep = 1 - rate;
    const scale = mode === 'inverted' ? 1 / keep : 1;
    const { weight, bias } = layer;
    const average = mode === 'inverted' ? layer : substitute(layer, new Map([[weight, weight.mul(keep)]]));
    // The variance of a sum of independent terms is that of each weight, times its input squared.
    const spread = new Map([[weight, square(weight).mul(keep * rate * scale ** 2)]]);
    if (bias !== undefined) spread.set(bias, zerosLike(bias));
    return {
      mean: average.forward(x, options),
      variance: substitute(layer, spread).forward(square(x), options),
    };
  }

  private masked(x: Tensor | Variable, options: ForwardOptions | undefined): Tensor {
    const { layer, rate, mode, masks, generator } = this;
    const { weight } = layer;
    if (x.rank === 0 || x.shape[0] % masks !== 0) {
      throw new ShapeError(
        `DropConnect: ${masks} masks do not divide the batch of ${formatShape(x.shape)} into equal parts`,
      );
    }
    const parts = split(x, masks).map((part) => {
      const mask = keepMask(weight.shape, rate, generator);
      const kept = mode === 'inverted' ? keepScaled(weight, mask, rate) : where(mask, weight, 0);
      return substitute(layer, new Map([[weight, kept]])).forward(part, options);
    });
    return concat(parts);
  }
}
