import {
  asTensor,
  formatShape,
  max,
  reshape,
  ShapeError,
  type Axis,
  type Tensor,
  type TensorLike,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { Module } from './module.js';

export interface MaxoutOptions {
  /** Neighbours of which the largest goes on; 2 by default. */
  readonly pieces?: number;
  /** The axis that becomes shorter by that factor; the last by default, 1 for the channels of images. */
  readonly axis?: Axis;
}

/**
 * The largest of each `pieces` neighbours along an axis: behind a linear layer a learnt piecewise linear function.
 * The gradient goes to the largest, at a tie to the first. Goodfellow et al. (2013), section 3.
 */
export function maxout(x: TensorLike, { pieces = 2, axis = -1 }: MaxoutOptions = {}): Tensor {
  const input = asTensor(x, 'maxout');
  checkExtents('maxout', { pieces });
  const place = axis < 0 ? axis + input.rank : axis;
  const extent = input.shape[place] as number | undefined;
  if (extent === undefined || extent % pieces !== 0) {
    throw new ShapeError(
      `maxout: axis ${axis} of ${formatShape(input.shape)} must be a multiple of ${pieces} pieces long`,
    );
  }
  const grouped = [...input.shape.slice(0, place), extent / pieces, pieces, ...input.shape.slice(place + 1)];
  return max(reshape(input, grouped), { axis: place + 1 });
}

/** {@link maxout} as a module: `new Linear(inputs, 2 * units)`, then `new Maxout()`. */
export class Maxout extends Module {
  readonly pieces: number;
  readonly axis: Axis;

  /** Two pieces along the last axis by default. */
  constructor({ pieces = 2, axis = -1 }: MaxoutOptions = {}) {
    super();
    checkExtents('Maxout', { pieces });
    this.pieces = pieces;
    this.axis = axis;
  }

  override forward(x: Tensor | Variable): Tensor {
    return maxout(x, this);
  }
}
