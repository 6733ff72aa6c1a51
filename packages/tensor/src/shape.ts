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
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
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

/** What can be stored: places are counted in 32 bits. */
export const MOST_ELEMENTS = 2147483647;

/** Throws unless every extent is a whole number of at least 0 and the whole has no more than `most` elements. */
export function checkShape(shape: unknown, where: string, most = MOST_ELEMENTS): asserts shape is Shape {
  const valid = Array.isArray(shape) && shape.every((extent) => Number.isInteger(extent) && extent >= 0);
  if (!valid) {
    const shown = Array.isArray(shape) ? formatShape(shape as Shape) : String(shape);
    throw new ShapeError(`${where}: a shape is an array of whole numbers of at least 0, got ${shown}`);
  }
  if (sizeOf(shape as Shape) > most) {
    throw new ShapeError(`${where}: ${formatShape(shape as Shape)} has more than 2^31 - 1 elements`);
  }
}

/** The axis counted from the front. */
export function normalizeAxis(axis: Axis, rank: number, where: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new ShapeError(
      `${where}: axis ${axis} is not an axis of a tensor of rank ${rank}` +
        (rank > 0 ? ` (${-rank} to ${rank - 1})` : ''),
    );
  }
  return normal;
}

/** Axes counted from the front, ascending, each once; all axes when none are given. */
export function normalizeAxes(
  axes: Axis | readonly Axis[] | undefined,
  rank: number,
  where: string,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  const normal = list.map((axis) => normalizeAxis(axis, rank, where)).sort((a, b) => a - b);
  const twice = normal.find((axis, i) => i > 0 && axis === normal[i - 1]);
  if (twice !== undefined)
    throw new ShapeError(`${where}: axis ${twice} is named twice in [${list.join(', ')}]`);
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
            `axis ${axis - rank} is ${result[axis]} in one and ${extent} in another; extents must be equal or 1`,
        );
      }
      result[axis] = extent;
    });
  }
  return result;
}
