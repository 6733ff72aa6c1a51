import { resultOf } from '../dtype.js';
import { ShapeError } from '../errors.js';
import type { Axis, Shape } from '../shape.js';
import { broadcastShapes, formatShape, normalizeAxis, sameShape } from '../shape.js';
import type { TensorLike } from '../tensor.js';
import { Tensor } from '../tensor.js';
import { asTensor, cast, checkInteger, equal } from './elementwise.js';
import { expand, permute, reshape, unsqueeze } from './movement.js';
import { iota } from './creation.js';

function indicesOf(indices: TensorLike, where: string): Tensor {
  const tensor = asTensor(indices, where);
  checkInteger(tensor.weak ? cast(tensor, 'int32') : tensor, where);
  return cast(tensor, 'int32');
}

/**
 * The slices of x along `axis` (0 by default) that `indices` names: the axis is replaced by the axes of `indices`.
 * An index outside 0 to extent - 1 is a DataError.
 */
export function take(x: TensorLike, indices: TensorLike, { axis = 0 }: { axis?: Axis } = {}): Tensor {
  const source = asTensor(x, 'take');
  const along = normalizeAxis(axis, source.rank, 'take');
  const places = indicesOf(indices, 'take');
  const outer = source.shape.slice(0, along);
  const inner = source.shape.slice(along + 1);
  const aligned = reshape(places, [...outer.map(() => 1), places.size, ...inner.map(() => 1)]);
  const taken = takeAlongAxis(source, aligned, { axis: along });
  return reshape(taken, [...outer, ...places.shape, ...inner]);
}

/**
 * One element for each index: result[..., i, ...] = x[..., indices[..., i, ...], ...]. All axes but `axis` broadcast.
 * An index outside 0 to extent - 1 is a DataError.
 */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, { axis }: { axis: Axis }): Tensor {
  const source = asTensor(x, 'takeAlongAxis');
  const places = indicesOf(indices, 'takeAlongAxis');
  const along = normalizeAxis(axis, source.rank, 'takeAlongAxis');
  const [from, shape] = alignAlong(source.shape, places.shape, along, 'takeAlongAxis');
  return new Tensor(
    { name: 'gather', axis: along },
    [expand(source, from), expand(places, shape)],
    shape,
    source.dtype,
  );
}

/** Both shapes with all axes but one broadcast to each other. */
function alignAlong(a: Shape, b: Shape, axis: number, where: string): [Shape, Shape] {
  if (a.length !== b.length) {
    throw new ShapeError(
      `${where}: expected ${a.length} axes of indices for ${formatShape(a)}, got ${formatShape(b)}`,
    );
  }
  const common = broadcastShapes([a.with(axis, 1), b.with(axis, 1)], where);
  return [common.with(axis, a[axis]), common.with(axis, b[axis])];
}

/**
 * x with updates added at places along an axis: result[..., indices[..., i, ...], ...] += updates[..., i, ...].
 * `indices` and `updates` broadcast to each other and, but for `axis`, to x. Places named twice add up, in order.
 */
export function scatterAdd(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  { axis }: { axis: Axis },
): Tensor {
  const target = asTensor(x, 'scatterAdd');
  const along = normalizeAxis(axis, target.rank, 'scatterAdd');
  const dtype = resultOf('total', target.dtype);
  const places = indicesOf(indices, 'scatterAdd');
  const values = cast(asTensor(updates, 'scatterAdd'), dtype);
  const joint = broadcastShapes([places.shape, values.shape], 'scatterAdd');
  const [from, shape] = alignAlong(target.shape, joint, along, 'scatterAdd');
  if (!sameShape(from, target.shape)) {
    throw new ShapeError(
      `scatterAdd: updates of ${formatShape(joint)} do not fit ${formatShape(target.shape)} along axis ${along}`,
    );
  }
  const inputs = [expand(places, shape), expand(values, shape)];
  return cast(target, dtype).add(
    new Tensor({ name: 'scatterAdd', axis: along }, inputs, target.shape, dtype),
  );
}

/**
 * Rows of a unit matrix: a new last axis of `depth`, 1 at the index and 0 elsewhere, float32 by default.
 * An index outside 0 to depth - 1 is a DataError.
 */
export function oneHot(
  indices: TensorLike,
  depth: number,
  { dtype = 'float32' as const }: { dtype?: Tensor['dtype'] } = {},
): Tensor {
  const places = indicesOf(indices, 'oneHot');
  const unit = equal(unsqueeze(iota(depth), 1), iota(depth));
  // Taken from the unit matrix, which costs nothing and checks the range as every index is checked.
  return cast(take(unit, places), dtype);
}

/** The stable order along an axis (the last by default), as int32 places; NaN comes last, with `descending` first. */
export function argsort(x: TensorLike, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  const input = asTensor(x, 'argsort');
  const along = normalizeAxis(axis, input.rank, 'argsort');
  const order = [...input.shape.keys()].toSpliced(along, 1).concat(along);
  const last = permute(input, order);
  const sorted = new Tensor({ name: 'argsort', descending }, [last], last.shape, 'int32');
  return permute(
    sorted,
    order.map((_, each) => order.indexOf(each)),
  );
}

export interface SortOptions {
  /** The axis to sort along; the last by default. */
  readonly axis?: Axis;
  /** Largest first; false by default. */
  readonly descending?: boolean;
}

/** The elements in order along an axis (the last by default). */
export function sort(x: TensorLike, options: SortOptions = {}): Tensor {
  const input = asTensor(x, 'sort');
  return takeAlongAxis(input, argsort(input, options), { axis: options.axis ?? -1 });
}

/** The `count` largest elements along an axis (the last by default), largest first, and their places. */
export function topK(
  x: TensorLike,
  count: number,
  { axis = -1, smallest = false }: { axis?: Axis; smallest?: boolean } = {},
): { values: Tensor; indices: Tensor } {
  const input = asTensor(x, 'topK');
  const along = normalizeAxis(axis, input.rank, 'topK');
  if (!Number.isInteger(count) || count < 0 || count > input.shape[along]) {
    throw new ShapeError(`topK: axis ${along} of ${formatShape(input.shape)} has no ${count} elements`);
  }
  const order = argsort(input, { axis: along, descending: !smallest });
  const indices = order.slice(...new Array<undefined>(along).fill(undefined), [0, count]);
  return { values: takeAlongAxis(input, indices, { axis: along }), indices };
}
