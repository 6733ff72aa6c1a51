import {
  add,
  formatShape,
  mul,
  ones,
  ShapeError,
  sqrt,
  variable,
  zeros,
  type DType,
  type Shape,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { Module } from './module.js';
import { checkEpsilon, moments } from './normalization.js';

export interface NormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** float32 by default. */
  readonly dtype?: DType;
}

/**
 * Each example brought to mean 0 and variance 1 over its last axes, then scaled and shifted by what is learnt: the same
 * in training and testing, for batches of one too. Ba, Kiros & Hinton (2016), equation 4.
 */
export class LayerNorm extends Module {
  /** The last axes of x, which are normalized together. */
  readonly shape: Shape;
  readonly epsilon: number;
  /** The gain, of that shape, starting at 1. */
  readonly weight: Variable;
  /** Of that shape, starting at 0. */
  readonly bias: Variable;

  /** `shape` is the extent of the last axis, or of the last few. */
  constructor(shape: number | Shape, { epsilon = 1e-5, dtype = 'float32' }: NormOptions = {}) {
    super();
    this.shape = typeof shape === 'number' ? [shape] : [...shape];
    if (this.shape.length === 0) throw new ShapeError('LayerNorm: expected at least one axis to normalize');
    for (const extent of this.shape) checkExtents('LayerNorm', { extent });
    checkEpsilon('LayerNorm', epsilon);
    this.epsilon = epsilon;
    this.weight = variable(ones(this.shape, { dtype }), { name: 'weight' });
    this.bias = variable(zeros(this.shape, { dtype }), { name: 'bias' });
  }

  override forward(x: Tensor | Variable): Tensor {
    const { shape, epsilon, weight, bias } = this;
    const first = x.rank - shape.length;
    if (!shape.every((extent, i) => x.shape[first + i] === extent)) {
      throw new ShapeError(
        `LayerNorm: expected [..., ${shape.join(', ')}], got ${formatShape(x.shape)}: the last axes must be those`,
      );
    }
    const { centered, variance } = moments(
      x,
      shape.map((_, i) => first + i),
    );
    return add(mul(centered.div(sqrt(variance.add(epsilon))), weight), bias);
  }
}
