import {
  add,
  DownhillError,
  formatShape,
  mul,
  ones,
  reshape,
  ShapeError,
  sqrt,
  variable,
  zeros,
  type DType,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { Module, type ForwardOptions } from './module.js';
import { checkEpsilon, moments } from './normalization.js';

export interface BatchNormOptions {
  /** How far running statistics move towards a batch's: running ← (1 − momentum) · running + momentum · batch; 0.1. */
  readonly momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** float32 by default. */
  readonly dtype?: DType;
}

/** Layouts a kind of batch normalization takes, by their number of axes, as errors show them. */
type Layouts = Readonly<Record<number, string>>;

/** See {@link BatchNorm1d} and {@link BatchNorm2d}, which differ in the layouts they take. */
abstract class BatchNorm extends Module {
  readonly momentum: number;
  readonly epsilon: number;
  /** γ, [features], starting at 1. */
  readonly weight: Variable;
  /** β, [features], starting at 0. */
  readonly bias: Variable;
  /** [features], starting at 0; not trainable. */
  readonly runningMean: Variable;
  /** [features], starting at 1; not trainable. */
  readonly runningVariance: Variable;

  constructor(
    private readonly kind: { readonly name: string; readonly layouts: Layouts },
    readonly features: number,
    { momentum = 0.1, epsilon = 1e-5, dtype = 'float32' }: BatchNormOptions,
  ) {
    super();
    checkExtents(kind.name, { features });
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new DownhillError(`${kind.name}: expected a momentum from 0 to 1, got ${momentum}`);
    }
    checkEpsilon(kind.name, epsilon);
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.weight = variable(ones([features], { dtype }), { name: 'weight' });
    this.bias = variable(zeros([features], { dtype }), { name: 'bias' });
    this.runningMean = variable(zeros([features], { dtype }), { name: 'runningMean', trainable: false });
    this.runningVariance = variable(ones([features], { dtype }), {
      name: 'runningVariance',
      trainable: false,
    });
  }

  override forward(x: Tensor | Variable, { training = false }: ForwardOptions = {}): Tensor {
    this.checkLayout(x);
    const { features, epsilon, weight, bias, runningMean, runningVariance } = this;
    // What there is once a channel, in a shape that meets x.
    const channels = [1, features, ...x.shape.slice(2).map(() => 1)];
    if (!training) {
      const scale = weight.div(sqrt(runningVariance.add(epsilon)));
      const shift = bias.sub(runningMean.mul(scale));
      return add(mul(x, reshape(scale, channels)), reshape(shift, channels));
    }
    const count = x.size / features;
    if (count < 2) {
      throw new ShapeError(
        `${this.kind.name}(${features}): training wants at least two values a channel, got ${formatShape(x.shape)}: ` +
          'one value has no spread; use a larger batch',
      );
    }
    const { mean, centered, variance } = moments(
      x,
      x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
    );
    this.remember(runningMean, mean);
    this.remember(runningVariance, variance.mul(count / (count - 1)));
    const scale = reshape(weight, channels).div(sqrt(variance.add(epsilon)));
    return add(mul(centered, scale), reshape(bias, channels));
  }

  private remember(running: Variable, batch: Tensor): void {
    const { momentum } = this;
    running.assign(running.mul(1 - momentum).add(reshape(batch, running.shape).mul(momentum)));
  }

  private checkLayout({ shape }: Tensor | Variable): void {
    const { features } = this;
    const { name, layouts } = this.kind;
    if (shape.length in layouts && shape[1] === features) return;
    throw new ShapeError(
      `${name}(${features}): expected ${Object.values(layouts).join(' or ')} with C = ${features}, ` +
        `got ${formatShape(shape)}`,
    );
  }
}

/**
 * Batch normalization of [N, C] or [N, C, L]: each channel is brought to mean 0 and variance 1, then scaled and shifted
 * by what is learnt. In training by the statistics of the batch, which the running ones follow; else by the running
 * ones. Ioffe & Szegedy (2015), algorithms 1 and 2. The variance that normalizes is the batch's own, the one that is
 * remembered the unbiased estimate, as in PyTorch.
 */
export class BatchNorm1d extends BatchNorm {
  /** `features` is C. */
  constructor(features: number, options: BatchNormOptions = {}) {
    super({ name: 'BatchNorm1d', layouts: { 2: '[N, C]', 3: '[N, C, L]' } }, features, options);
  }
}

/** {@link BatchNorm1d} for images, [N, C, H, W]: a channel's statistics are over examples, rows and columns. */
export class BatchNorm2d extends BatchNorm {
  /** `features` is C. */
  constructor(features: number, options: BatchNormOptions = {}) {
    super({ name: 'BatchNorm2d', layouts: { 4: '[N, C, H, W]' } }, features, options);
  }
}
