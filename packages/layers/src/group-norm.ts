import { formatShape, ones, ShapeError, variable, zeros, type Tensor, type Variable } from '@downhill/tensor';
import { checkExtents } from './extents.js';
import type { NormOptions } from './layer-norm.js';
import { Module } from './module.js';
import { checkEpsilon, normalizeGroups, scaleChannels } from './normalization.js';

/**
 * In each example, each group of neighbouring channels brought to mean 0 and variance 1, then each channel scaled and
 * shifted by what is learnt: [N, C, ...], the same in training and testing. Wu & He (2018), equations 1 to 7.
 */
export class GroupNorm extends Module {
  readonly epsilon: number;
  /** γ, [channels], starting at 1. */
  readonly weight: Variable;
  /** β, [channels], starting at 0. */
  readonly bias: Variable;

  /** `groups` must divide `channels`. */
  constructor(
    readonly groups: number,
    readonly channels: number,
    { epsilon = 1e-5, dtype = 'float32' }: NormOptions = {},
  ) {
    super();
    checkExtents('GroupNorm', { groups, channels });
    if (channels % groups !== 0) {
      throw new ShapeError(`GroupNorm: ${groups} groups do not divide ${channels} channels`);
    }
    checkEpsilon('GroupNorm', epsilon);
    this.epsilon = epsilon;
    this.weight = variable(ones([channels], { dtype }), { name: 'weight' });
    this.bias = variable(zeros([channels], { dtype }), { name: 'bias' });
  }

  override forward(x: Tensor | Variable): Tensor {
    const { groups, channels, epsilon, weight, bias } = this;
    if (x.shape[1] !== channels) {
      throw new ShapeError(
        `GroupNorm(${groups}, ${channels}): expected [N, C, ...] with C = ${channels}, got ${formatShape(x.shape)}`,
      );
    }
    if (x.size / (x.shape[0] * groups) < 2) {
      throw new ShapeError(
        `GroupNorm(${groups}, ${channels}): expected at least two values a group, got ${formatShape(x.shape)}: ` +
          'one value has no spread',
      );
    }
    return scaleChannels(normalizeGroups(x, groups, epsilon), weight, bias);
  }
}
