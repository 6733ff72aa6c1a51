import {
  asTensor,
  concat,
  DownhillError,
  expand,
  formatShape,
  mul,
  reshape,
  ShapeError,
} from '@downhill/tensor';
import { slice, sum, tensor, unsqueeze, windows, type Tensor, type Variable } from '@downhill/tensor';
import { Pool } from './pooling.js';
import { perAxis, type PerAxis } from './sliding.js';

export interface UpsampleOptions {
  /** How many times larger each spatial axis becomes. */
  readonly scale: PerAxis;
  /** Whether elements are repeated, or points between their centres interpolated; `'nearest'` by default. */
  readonly mode?: 'nearest' | 'linear';
}

/**
 * Larger images, [N, C, ...] of any number of spatial axes: extents times `scale`. `'linear'` (bilinear for images) takes
 * elements as squares with the value in the middle, as PyTorch does without `align_corners`; beyond the outermost
 * middles it continues with their values.
 */
export function upsample(x: Tensor | Variable, { scale, mode = 'nearest' }: UpsampleOptions): Tensor {
  const input = asTensor(x, 'upsample');
  if (input.rank < 3) {
    throw new ShapeError(
      `upsample: expected x [N, channels, ...] with places, got ${formatShape(input.shape)}`,
    );
  }
  if (!['nearest', 'linear'].includes(mode)) {
    throw new DownhillError(`upsample: mode is 'nearest' or 'linear', got '${mode}'`);
  }
  const enlarge = mode === 'nearest' ? repeatAlong : interpolateAlong;
  return perAxis('upsample', 'scale', scale, input.rank - 2, 1).reduce(
    (value, times, i) => (times === 1 ? value : enlarge(value, i + 2, times)),
    input,
  );
}

function repeatAlong(x: Tensor, axis: number, times: number): Tensor {
  const each = unsqueeze(x, axis + 1);
  return merged(expand(each, replaced(each.shape, axis + 1, times)), axis);
}

function interpolateAlong(x: Tensor, axis: number, times: number): Tensor {
  const before = x.shape.slice(0, axis).map(() => undefined);
  const continued = concat([slice(x, ...before, [0, 1]), x, slice(x, ...before, [-1])], { axis });
  // How far the new points lie from the middle of the element they are in, and so what its neighbours count.
  const weights = Array.from({ length: times }, (_, i) => {
    const offset = (i + 0.5) / times - 0.5;
    return [Math.max(0, -offset), 1 - Math.abs(offset), Math.max(0, offset)];
  });
  const inner = new Array<number>(x.rank - axis - 1).fill(1);
  const dtype = x.dtype === 'float64' ? 'float64' : 'float32';
  const shares = reshape(tensor(weights, { dtype }), [times, ...inner, 3]);
  const neighbours = unsqueeze(windows(continued, { axes: axis, size: 3 }), axis + 1);
  return merged(sum(mul(neighbours, shares), { axis: -1 }), axis);
}

/** With an axis and the one behind it as one. */
function merged(x: Tensor, axis: number): Tensor {
  const { shape } = x;
  return reshape(x, [...shape.slice(0, axis), shape[axis] * shape[axis + 1], ...shape.slice(axis + 2)]);
}

function replaced(shape: readonly number[], axis: number, extent: number): number[] {
  return shape.map((old, i) => (i === axis ? extent : old));
}

/** {@link upsample} as a module. */
export class Upsample extends Pool<UpsampleOptions> {
  constructor(options: UpsampleOptions) {
    super(upsample, options);
  }
}
