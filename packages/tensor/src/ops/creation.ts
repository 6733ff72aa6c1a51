import type { DType, TypedArray } from '../dtype.js';
import { allocateArray, canHold, checkDType, dtypeOfArray, isFloating, limitsOf } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { Shape } from '../shape.js';
import { checkShape, formatShape, sizeOf } from '../shape.js';
import type { NestedArray, TensorLike } from '../tensor.js';
import { constant, fromArray, Tensor } from '../tensor.js';
import { asTensor, cast, equal } from './elementwise.js';
import { unsqueeze } from './movement.js';

export interface CreationOptions {
  /** float32 by default. */
  readonly dtype?: DType;
}

/**
 * A tensor of given elements: nested arrays (all of one length at each depth), one number, or a typed array
 * with a `shape` (one axis without). The data is copied. The dtype is that of the typed array, bool for booleans,
 * float32 otherwise; `{ dtype }` overrides it, and an element it cannot hold is a DTypeError.
 */
export function tensor(
  data: NestedArray | TypedArray,
  { shape, dtype }: { shape?: Shape; dtype?: DType } = {},
): Tensor {
  if (dtype !== undefined) checkDType(dtype, 'tensor');
  if (shape !== undefined) checkShape(shape, 'tensor');
  const flat: ArrayLike<number | boolean> = ArrayBuffer.isView(data) ? data : flatten(data);
  const kind =
    dtype ??
    (ArrayBuffer.isView(data) ? dtypeOfArray(data) : typeof flat[0] === 'boolean' ? 'bool' : 'float32');
  const natural = ArrayBuffer.isView(data) ? [data.length] : nestedShape(data);
  const target = shape ?? natural;
  if (sizeOf(target) !== flat.length) {
    throw new ShapeError(
      `tensor: ${flat.length} elements do not fill shape ${formatShape(target)}, which wants ${sizeOf(target)}`,
    );
  }
  const values = allocateArray(kind, flat.length);
  if (ArrayBuffer.isView(data) && dtypeOfArray(data) === kind) values.set(data);
  else for (let i = 0; i < flat.length; i++) values[i] = storable(flat[i], kind, i);
  return fromArray(values, [...target], kind);
}

function nestedShape(data: NestedArray): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0] as NestedArray) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(data: NestedArray): (number | boolean)[] {
  const shape = nestedShape(data);
  const result: (number | boolean)[] = [];
  const visit = (part: unknown, axis: number, path: string): void => {
    if (axis < shape.length) {
      if (!Array.isArray(part) || part.length !== shape[axis]) {
        const got = Array.isArray(part) ? `length ${part.length}` : typeof part;
        throw new ShapeError(
          `tensor: nested arrays are ragged: expected length ${shape[axis]} at data${path}, got ${got}`,
        );
      }
      // Unlike forEach, this sees the holes of a sparse array.
      for (let i = 0; i < part.length; i++) visit(part[i], axis + 1, `${path}[${i}]`);
    } else if (typeof part === 'number' || typeof part === 'boolean') {
      result.push(part);
    } else if (Array.isArray(part)) {
      throw new ShapeError(
        `tensor: nested arrays are ragged: expected a number at data${path}, got an array`,
      );
    } else {
      throw new DTypeError(
        `tensor: expected a number at data${path}, got ${part === null ? 'null' : typeof part}`,
      );
    }
  };
  visit(data, 0, '');
  return result;
}

/** The element as it is stored, or an error if that would change it; floats only lose precision. */
function storable(element: number | boolean, dtype: DType, position: number): number {
  const value = Number(element);
  if (!canHold(dtype, value)) {
    const [low, high] = limitsOf(dtype);
    throw new DTypeError(
      `tensor: element ${position} is ${value}, which ${dtype} cannot hold (whole numbers ${low} to ${high}); ` +
        'round or clip it first, or choose another dtype',
    );
  }
  return value;
}

function filled(shape: Shape, value: number, { dtype = 'float32' }: CreationOptions, where: string): Tensor {
  checkShape(shape, where);
  checkDType(dtype, where);
  return constant(storable(value, dtype, 0), shape, dtype);
}

/** A tensor of one value. */
export function full(shape: Shape, value: number, options: CreationOptions = {}): Tensor {
  return filled(shape, value, options, 'full');
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return filled(shape, 0, options, 'zeros');
}

/** A tensor of ones. */
export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return filled(shape, 1, options, 'ones');
}

/** Zeros of the shape and dtype of x. */
export function zerosLike(x: TensorLike): Tensor {
  const { shape, dtype } = asTensor(x, 'zerosLike');
  return full(shape, 0, { dtype });
}

/** Ones of the shape and dtype of x. */
export function onesLike(x: TensorLike): Tensor {
  const { shape, dtype } = asTensor(x, 'onesLike');
  return full(shape, 1, { dtype });
}

/** 0 to count - 1 as int32. */
export function iota(count: number): Tensor {
  checkShape([count], 'iota');
  return new Tensor({ name: 'iota' }, [], [count], 'int32');
}

/**
 * start, start + step, ... up to but without stop; `arange(stop)` starts at 0. The dtype is int32 if start and step
 * are whole numbers, else float32.
 */
export function arange(start: number, stop?: number, step = 1, { dtype }: CreationOptions = {}): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (![from, to, step].every(Number.isFinite) || step === 0) {
    throw new ShapeError(
      `arange: expected finite numbers and a step other than 0, got ${from}, ${to}, ${step}`,
    );
  }
  const kind = dtype ?? (Number.isInteger(from) && Number.isInteger(step) ? 'int32' : 'float32');
  const count = Math.max(0, Math.ceil((to - from) / step));
  const places = cast(iota(count), isFloating(kind) ? 'float64' : 'int32');
  return cast(places.mul(step).add(from), kind);
}

/** `count` numbers at equal distances from start to stop, both included. */
export function linspace(
  start: number,
  stop: number,
  count: number,
  { dtype = 'float32' }: CreationOptions = {},
): Tensor {
  checkShape([count], 'linspace');
  const places = cast(iota(count), 'float64');
  const forward = places.mul((stop - start) / Math.max(1, count - 1)).add(start);
  // The last is stop itself, whatever the rounding of the step.
  return cast(forward.maximum(Math.min(start, stop)).minimum(Math.max(start, stop)), dtype);
}

/** The unit matrix of `rows` by `columns` (as many as rows by default). */
export function eye(rows: number, columns = rows, { dtype = 'float32' }: CreationOptions = {}): Tensor {
  return cast(equal(unsqueeze(iota(rows), 1), iota(columns)), dtype);
}
