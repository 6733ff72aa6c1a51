import { describe } from './describe.js';
import { ShapeError } from './errors.js';

/** The extent of each axis, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** An axis: 0 is the first, -1 the last. */
export type Axis = number;

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** Steps between neighbours along each axis in row-major order. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a === b || (a.length === b.length && a.every((extent, axis) => extent === b[axis]));
}

/** Throws unless `values` is an array of whole numbers of at least `least`, as many as `count` says, if it is given. */
export function checkWhole(
  values: unknown,
  least: number,
  where: string,
  count?: number,
): asserts values is readonly number[] {
  const list = Array.isArray(values) ? (values as number[]) : undefined;
  const valid = list?.every((value) => Number.isInteger(value) && value >= least);
  if (!list || !valid || list.length !== (count ?? list.length)) {
    throw new ShapeError(
      `${where}: expected an array of ${count === undefined ? '' : `${count} `}whole numbers of at least ${least}, ` +
        `got ${list ? formatShape(list) : describe(values)}`,
    );
  }
}

/** What can be stored: places are counted in 32 bits. */
export const MOST_ELEMENTS = 2147483647;

/** Throws unless every extent is a whole number of at least 0 and the whole has no more than `most` elements. */
export function checkShape(shape: unknown, where: string, most = MOST_ELEMENTS): asserts shape is Shape {
  checkWhole(shape, 0, where);
  if (sizeOf(shape) > most) {
    throw new ShapeError(`${where}: ${formatShape(shape)} has more than ${MOST_ELEMENTS} elements`);
  }
}

/** The axis counted from the front. */
export function normalizeAxis(axis: Axis, rank: number, where: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new ShapeError(
      `${where}: axis ${axis} is none of a tensor of rank ${rank}` +
        (rank > 0 ? ` (${-rank} to ${rank - 1})` : ''),
    );
  }
  return normal;
}

/** Axes counted from the front, in the order given, each once; all axes when none are given. */
export function normalizeAxes(
  axes: Axis | readonly Axis[] | undefined,
  rank: number,
  where: string,
): number[] {
  const list = axes ?? [...new Array(rank).keys()];
  const normal = [list].flat().map((axis) => normalizeAxis(axis, rank, where));
  const twice = normal.find((axis, i) => normal.indexOf(axis) < i);
  if (twice !== undefined) throw new ShapeError(`${where}: axis ${twice} is named twice`);
  return normal;
}

/** The shape in which all of `shapes` meet by NumPy's rules: aligned at the last axis, extents equal or 1. */
export function broadcastShapes(shapes: readonly Shape[], where: string): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((extent, i) => {
      const axis = i + rank - shape.length;
      if (extent === 1 || extent === result[axis]) return;
      if (result[axis] !== 1) {
        throw new ShapeError(
          `${where}: shapes ${shapes.map(formatShape).join(' and ')} do not broadcast: ` +
            `axis ${axis - rank} is ${result[axis]} and ${extent}; extents must be equal or 1`,
        );
      }
      result[axis] = extent;
    });
  }
  return result;
}
