import { ShapeError } from '../errors.js';
import type { WindowGeometry } from '../operation.js';
import { windowsShape } from '../operation.js';
import type { Axis, Shape } from '../shape.js';
import {
  broadcastShapes,
  checkShape,
  checkWhole,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  sizeOf,
} from '../shape.js';
import type { TensorLike } from '../tensor.js';
import { Tensor } from '../tensor.js';
import { canHold, cannotHold, promote, stored } from '../dtype.js';
import { asTensor, cast } from './elementwise.js';

/**
 * What `slice` keeps of one axis: `undefined` all of it, a number one element (and the axis goes), or
 * `[start, stop, step]` as in NumPy: ends may be negative (from the back) or left out, step may be negative.
 */
export type Range = undefined | number | readonly [start?: number, stop?: number, step?: number];

/** The same elements in row-major order under another shape; one extent may be -1, to be worked out. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const input = asTensor(x, 'reshape');
  const target = resolveShape(input.shape, shape);
  return sameShape(target, input.shape)
    ? input
    : new Tensor({ name: 'reshape' }, [input], target, input.dtype);
}

function resolveShape(from: Shape, shape: Shape): Shape {
  const unknown = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  const fillIn = (extent: number): Shape => (unknown < 0 ? shape : shape.with(unknown, extent));
  const known = fillIn(1);
  checkShape(known, 'reshape');
  const size = sizeOf(from);
  const target = fillIn(Math.floor(size / sizeOf(known)));
  if (sizeOf(target) === size) return target;
  throw new ShapeError(
    `reshape: ${formatShape(from)} of ${size} elements cannot become ${formatShape(shape)}`,
  );
}

/** Axes in another order: axis i of the result is axis axes[i] of x. */
export function permute(x: TensorLike, axes: readonly Axis[]): Tensor {
  const input = asTensor(x, 'permute');
  const order = normalizeAxes(axes, input.rank, 'permute');
  if (order.length !== input.rank) {
    throw new ShapeError(
      `permute: expected each axis of ${formatShape(input.shape)} once, got ${formatShape(axes)}`,
    );
  }
  if (order.every((axis, i) => axis === i)) return input;
  const shape = order.map((axis) => input.shape[axis]);
  return new Tensor({ name: 'permute', axes: order }, [input], shape, input.dtype);
}

/** Two axes exchanged, by default the last two. */
export function transpose(x: TensorLike, first: Axis = -2, second: Axis = -1): Tensor {
  const input = asTensor(x, 'transpose');
  const a = normalizeAxis(first, input.rank, 'transpose');
  const b = normalizeAxis(second, input.rank, 'transpose');
  return permute(input, [...input.shape.keys()].with(a, b).with(b, a));
}

/** x repeated to a larger shape by NumPy's rules: new axes in front, extents of 1 stretched. Nothing is copied. */
export function expand(x: TensorLike, shape: Shape): Tensor {
  const input = asTensor(x, 'expand');
  if (sameShape(input.shape, shape)) return input;
  // Only what is stored must be small: a convolution adds up products of which there are far more than 2^31.
  checkShape(shape, 'expand', Infinity);
  if (!sameShape(broadcastShapes([input.shape, shape], 'expand'), shape)) {
    throw new ShapeError(`expand: ${formatShape(input.shape)} cannot be repeated to ${formatShape(shape)}`);
  }
  return new Tensor({ name: 'expand' }, [input], shape, input.dtype);
}

/** Without the named axes, which must have extent 1; by default without all such axes. */
export function squeeze(x: TensorLike, axes?: Axis | readonly Axis[]): Tensor {
  const input = asTensor(x, 'squeeze');
  const gone =
    axes === undefined
      ? input.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []))
      : normalizeAxes(axes, input.rank, 'squeeze');
  const wrong = gone.find((axis) => input.shape[axis] !== 1);
  if (wrong !== undefined) {
    throw new ShapeError(
      `squeeze: axis ${wrong} of ${formatShape(input.shape)} cannot go; only extents of 1 can`,
    );
  }
  return reshape(
    input,
    input.shape.filter((_, axis) => !gone.includes(axis)),
  );
}

/** With new axes of extent 1; `axes` are places in the result. */
export function unsqueeze(x: TensorLike, axes: Axis | readonly Axis[]): Tensor {
  const input = asTensor(x, 'unsqueeze');
  const count = [axes].flat().length;
  const added = normalizeAxes(axes, input.rank + count, 'unsqueeze').sort((a, b) => a - b);
  const shape = [...input.shape];
  for (const axis of added) shape.splice(axis, 0, 1);
  return reshape(input, shape);
}

/** Part of a tensor, one range an axis from the first on: `slice(x, [0, 10], undefined, 3, [undefined, undefined, -1])`. */
export function slice(x: TensorLike, ...ranges: Range[]): Tensor {
  const input = asTensor(x, 'slice');
  if (ranges.length > input.rank) {
    throw new ShapeError(`slice: ${ranges.length} ranges for ${formatShape(input.shape)}`);
  }
  const gone: number[] = [];
  const parts = input.shape.map((extent, axis) => {
    const range = ranges[axis];
    if (typeof range !== 'number') return resolveRange(range ?? [], extent, axis);
    gone.push(axis);
    return { start: normalizeIndex(range, extent, axis), step: 1, count: 1 };
  });
  const shape = parts.map(({ count }) => count);
  const whole = parts.every(({ count, step }, axis) => count === input.shape[axis] && step === 1);
  const starts = parts.map(({ start }) => start);
  const steps = parts.map(({ step }) => step);
  const part = whole ? input : new Tensor({ name: 'slice', starts, steps }, [input], shape, input.dtype);
  return gone.length === 0 ? part : squeeze(part, gone);
}

function normalizeIndex(index: number, extent: number, axis: number): number {
  const normal = index < 0 ? index + extent : index;
  if (!Number.isInteger(index) || normal < 0 || normal >= extent) {
    throw new ShapeError(`slice: index ${index} is outside axis ${axis} of extent ${extent}`);
  }
  return normal;
}

function resolveRange(
  [start, stop, step = 1]: Exclude<Range, number | undefined>,
  extent: number,
  axis: number,
): { start: number; step: number; count: number } {
  if (![start ?? 0, stop ?? 0, step].every(Number.isInteger) || step === 0) {
    throw new ShapeError(
      `slice: expected whole numbers and a step other than 0 for axis ${axis}, got [${[start, stop, step].join(', ')}]`,
    );
  }
  const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
  const [first, last] = step > 0 ? [low, high] : [high, low];
  const hold = (end: number): number => Math.min(high, Math.max(low, end < 0 ? end + extent : end));
  const from = start === undefined ? first : hold(start);
  const to = stop === undefined ? last : hold(stop);
  return { start: from, step, count: Math.max(0, Math.ceil((to - from) / step)) };
}

/** The elements along the named axes (by default all) in reverse order. */
export function flip(x: TensorLike, axes?: Axis | readonly Axis[]): Tensor {
  const input = asTensor(x, 'flip');
  const turned = normalizeAxes(axes, input.rank, 'flip');
  return slice(
    input,
    ...input.shape.map((_, axis): Range => (turned.includes(axis) ? [undefined, undefined, -1] : undefined)),
  );
}

/**
 * x with `value` (0 by default) around it: `widths` holds `[before, after]` for each axis. A value that the dtype of x
 * cannot hold is a DTypeError.
 */
export function pad(
  x: TensorLike,
  widths: readonly (readonly [before: number, after: number])[],
  { value = 0 }: { value?: number } = {},
): Tensor {
  const input = asTensor(x, 'pad');
  checkWhole(widths.flat(), 0, `pad ${formatShape(input.shape)}`, 2 * input.rank);
  if (!canHold(input.dtype, value)) throw cannotHold(input.dtype, value, 'pad');
  if (widths.every(([before, after]) => before + after === 0)) return input;
  const shape = input.shape.map((extent, axis) => extent + widths[axis][0] + widths[axis][1]);
  checkShape(shape, 'pad');
  return new Tensor(
    { name: 'pad', before: widths.map(([before]) => before), value: stored(value, input.dtype) },
    [input],
    shape,
    input.dtype,
  );
}

/** More pieces are put together in groups first: an element asks each of them in turn whether it lies there. */
const MOST_PIECES = 64;

/** Tensors one after another along an axis (the first by default); all other extents must agree. */
export function concat(tensors: readonly TensorLike[], { axis = 0 }: { axis?: Axis } = {}): Tensor {
  if (tensors.length === 0) throw new ShapeError('concat: expected at least one tensor, got none');
  const list = tensors.map((tensor) => asTensor(tensor, 'concat'));
  const { rank, shape } = list[0];
  const along = normalizeAxis(axis, rank, 'concat');
  for (const other of list) {
    if (other.rank !== rank || other.shape.some((extent, i) => i !== along && extent !== shape[i])) {
      throw new ShapeError(
        `concat: shapes ${list.map((each) => formatShape(each.shape)).join(', ')} differ elsewhere than along axis ${along}`,
      );
    }
  }
  if (list.length === 1) return list[0];
  if (list.length > MOST_PIECES) {
    const groups: Tensor[] = [];
    while (list.length > 0) groups.push(concat(list.splice(0, MOST_PIECES), { axis }));
    return concat(groups, { axis });
  }
  const dtype = list.map((each) => each.dtype).reduce(promote);
  const extent = list.reduce((sum, each) => sum + each.shape[along], 0);
  return new Tensor(
    { name: 'concat', axis: along },
    list.map((each) => cast(each, dtype)),
    shape.with(along, extent),
    dtype,
  );
}

/** Tensors of one shape along a new axis (the first by default). */
export function stack(tensors: readonly TensorLike[], { axis = 0 }: { axis?: Axis } = {}): Tensor {
  const list = tensors.map((tensor) => asTensor(tensor, 'stack'));
  const odd = list.find((each) => !sameShape(each.shape, list[0].shape));
  if (odd) {
    throw new ShapeError(`stack: shapes ${formatShape(list[0].shape)} and ${formatShape(odd.shape)} differ`);
  }
  return concat(
    list.map((each) => unsqueeze(each, axis)),
    { axis },
  );
}

/** Pieces along an axis: `sizes` is how many equal pieces, or the extent of each. */
export function split(
  x: TensorLike,
  sizes: number | readonly number[],
  { axis = 0 }: { axis?: Axis } = {},
): Tensor[] {
  const input = asTensor(x, 'split');
  const along = normalizeAxis(axis, input.rank, 'split');
  const extent = input.shape[along];
  const list = typeof sizes === 'number' ? new Array<number>(sizes).fill(extent / sizes) : sizes;
  checkShape(list, `split of axis ${along} of ${formatShape(input.shape)}`);
  if (list.reduce((sum, size) => sum + size, 0) !== extent) {
    throw new ShapeError(
      `split: pieces of ${list.join(', ')} do not make axis ${along} of ${formatShape(input.shape)}`,
    );
  }
  let end = 0;
  return list.map((size) => slice(input, ...new Array<undefined>(along), [end, (end += size)]));
}

/** How `windows` slides: one number for all axes, or one an axis. */
export interface WindowsOptions {
  /** The axes to slide along. */
  readonly axes: Axis | readonly Axis[];
  /** Elements in a window. */
  readonly size: number | readonly number[];
  /** Elements between the starts of neighbouring windows; 1 by default. */
  readonly stride?: number | readonly number[];
  /** Elements between neighbours in a window; 1 by default. */
  readonly dilation?: number | readonly number[];
  /** Zeros in front of and behind each axis; 0 by default. */
  readonly padding?: number | readonly number[];
}

/**
 * Sliding windows: along each of `axes` the result counts windows, and the windows themselves are new axes at the
 * end, in the order of `axes`. Nothing is copied: x of [N, C, H, W] with axes [2, 3] gives [N, C, OH, OW, KH, KW].
 */
export function windows(x: TensorLike, options: WindowsOptions): Tensor {
  const input = asTensor(x, 'windows');
  const axes = normalizeAxes(options.axes, input.rank, 'windows');
  const each = (
    name: 'size' | 'stride' | 'dilation' | 'padding',
    least: number,
    normal: number,
  ): number[] => {
    const given = options[name] ?? normal;
    const list = typeof given === 'number' ? axes.map(() => given) : [...given];
    checkWhole(list, least, `windows: ${name}`, axes.length);
    return list;
  };
  const padding = each('padding', 0, 0);
  const widths = input.shape.map((_, axis): [number, number] => {
    const width = axes.includes(axis) ? padding[axes.indexOf(axis)] : 0;
    return [width, width];
  });
  const padded = pad(input, widths);
  const size = each('size', 1, 1);
  const geometry = { axes, size, stride: each('stride', 1, 1), dilation: each('dilation', 1, 1) };
  axes.forEach((axis, i) => {
    const reach = (size[i] - 1) * geometry.dilation[i] + 1;
    if (reach > padded.shape[axis]) {
      throw new ShapeError(
        `windows: a window over ${reach} elements does not fit axis ${axis} of ${formatShape(padded.shape)}` +
          (padding[i] > 0 ? ' (with padding)' : ''),
      );
    }
  });
  return new Tensor(
    { name: 'windows', ...geometry },
    [padded],
    windowsShape(padded.shape, geometry),
    input.dtype,
  );
}

/**
 * The adjoint of {@link windows} without padding: overlapping windows are added up into a tensor of `shape`.
 * x must have the shape `windows` gives for `shape` and the same options.
 */
export function foldWindows(x: TensorLike, shape: Shape, geometry: WindowGeometry): Tensor {
  const input = asTensor(x, 'foldWindows');
  checkShape(shape, 'foldWindows');
  const { axes, size, stride, dilation } = geometry;
  const expected = windowsShape(shape, geometry);
  if (!sameShape(expected, input.shape)) {
    throw new ShapeError(
      `foldWindows: expected windows of ${formatShape(expected)} for ${formatShape(shape)}, got ${formatShape(input.shape)}`,
    );
  }
  return new Tensor({ name: 'foldWindows', axes, size, stride, dilation }, [input], shape, input.dtype);
}
