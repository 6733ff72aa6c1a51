import type { DType, TypedArray } from '../dtype.js';
import { allocateArray, canHold, cannotHold, checkDType, dtypeOfArray, isFloating } from '../dtype.js';
import { describe } from '../describe.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { Shape } from '../shape.js';
import { checkShape, formatShape, sizeOf } from '../shape.js';
import type { NestedArray, TensorLike } from '../tensor.js';
import { constant, fromArray, Tensor } from '../tensor.js';
import { asOperand, cast, equal } from './elementwise.js';
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
  const { elements, ...natural }: Elements = ArrayBuffer.isView(data)
    ? { elements: data, shape: [data.length], dtype: dtypeOfArray(data) }
    : flatten(data);
  const kind = dtype ?? natural.dtype;
  const target = shape ?? natural.shape;
  if (sizeOf(target) !== elements.length) {
    throw new ShapeError(
      `tensor: ${elements.length} elements do not fill shape ${formatShape(target)} of ${sizeOf(target)}`,
    );
  }
  const values = allocateArray(kind, elements.length);
  if (ArrayBuffer.isView(data) && natural.dtype === kind) values.set(data);
  else {
    for (let i = 0; i < values.length; i++) {
      const value = Number(elements[i]);
      if (!canHold(kind, value)) throw cannotHold(kind, value, `tensor: element ${i}`);
      values[i] = value;
    }
  }
  return fromArray(values, [...target], kind);
}

/** What nested arrays or a typed array hold, in row-major order, and the shape and dtype they have of themselves. */
interface Elements {
  readonly elements: ArrayLike<number | boolean>;
  readonly shape: Shape;
  readonly dtype: DType;
}

function flatten(data: NestedArray): Elements {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0] as NestedArray) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const elements: (number | boolean)[] = [];
  const visit = (part: unknown, axis: number, path: string): void => {
    const expected = axis < shape.length ? `length ${shape[axis]}` : 'a number';
    if (Array.isArray(part) ? part.length !== shape[axis] : axis < shape.length) {
      const got = Array.isArray(part) ? `length ${part.length}` : describe(part);
      throw new ShapeError(`tensor: ragged arrays: expected ${expected} at data${path}, got ${got}`);
    }
    if (Array.isArray(part)) {
      // Unlike forEach, this sees the holes of a sparse array.
      for (let i = 0; i < part.length; i++) visit(part[i], axis + 1, `${path}[${i}]`);
    } else if (typeof part === 'number' || typeof part === 'boolean') {
      elements.push(part);
    } else {
      throw new DTypeError(`tensor: expected ${expected} at data${path}, got ${describe(part)}`);
    }
  };
  visit(data, 0, '');
  return { elements, shape, dtype: typeof elements[0] === 'boolean' ? 'bool' : 'float32' };
}

function filled(shape: Shape, value: number, { dtype = 'float32' }: CreationOptions, where: string): Tensor {
  checkShape(shape, where);
  checkDType(dtype, where);
  if (!canHold(dtype, value)) throw cannotHold(dtype, value, where);
  return constant(value, shape, dtype);
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
  const { shape, dtype } = asOperand(x, 'zerosLike');
  return zeros(shape, { dtype });
}

/** Ones of the shape and dtype of x. */
export function onesLike(x: TensorLike): Tensor {
  const { shape, dtype } = asOperand(x, 'onesLike');
  return ones(shape, { dtype });
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
      `arange: expected finite numbers and a step other than 0, got ${[from, to, step].join(', ')}`,
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
