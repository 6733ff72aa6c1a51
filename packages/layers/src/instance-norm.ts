import {
  formatShape,
  ones,
  ShapeError,
  sizeOf,
  variable,
  zeros,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import type { NormOptions } from './layer-norm.js';
import { Module } from './module.js';
import { checkEpsilon, normalizeGroups, scaleChannels } from './normalization.js';

export interface InstanceNormOptions extends NormOptions {
  /** Whether each channel is then scaled and shifted by what is learnt; false by default. */
  readonly affine?: boolean;
}

/**
 * In each example, each channel brought to mean 0 and variance 1 over its places: [N, C, ...], the same in training and
 * testing. Ulyanov, Vedaldi & Lempitsky (2016), equation 3.
 */
export class InstanceNorm extends Module {
  readonly epsilon: number;
  /** γ, [channels], starting at 1, if `affine`. */
  readonly weight: Variable | undefined;
  /** β, [channels], starting at 0, if `affine`. */
  readonly bias: Variable | undefined;

  constructor(
    readonly channels: number,
    { epsilon = 1e-5, affine = false, dtype = 'float32' }: InstanceNormOptions = {},
  ) {
    super();
    checkExtents('InstanceNorm', { channels });
    checkEpsilon('InstanceNorm', epsilon);
    this.epsilon = epsilon;
    this.weight = affine ? variable(ones([channels], { dtype }), { name: 'weight' }) : undefined;
    this.bias = affine ? variable(zeros([channels], { dtype }), { name: 'bias' }) : undefined;
  }

  override forward(x: Tensor | Variable): Tensor {
    const { channels, epsilon, weight, bias } = this;
    const places = x.shape.slice(2);
    if (x.shape[1] !== channels || sizeOf(places) < 2) {
      throw new ShapeError(
        `InstanceNorm(${channels}): expected [N, C, ...] with C = ${channels} and at least two places a channel, ` +
          `got ${formatShape(x.shape)}`,
      );
    }
    const normal = normalizeGroups(x, channels, epsilon);
    return weight === undefined || bias === undefined ? normal : scaleChannels(normal, weight, bias);
  }
}
