import { describe } from './describe.js';
import { DTypeError } from './errors.js';

/** The element types of tensors, in the order in which mixed operands promote: the later one wins. */
export const DTYPES = ['bool', 'uint8', 'int32', 'float32', 'float64'] as const;
export type DType = (typeof DTYPES)[number];

/** What holds the elements of each dtype on the host; `bool` is a byte, 0 or 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const ARRAYS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** A zeroed host array of `length` elements. */
export function allocateArray(dtype: DType, length: number): TypedArray {
  return new ARRAYS[dtype](length);
}

/** A host array of `dtype` over part of a buffer, without a copy. */
export function viewArray(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  return new (ARRAYS[dtype] as new (from: ArrayBufferLike, byteOffset: number, length: number) => TypedArray)(
    buffer,
    byteOffset,
    length,
  );
}

/** The dtype a typed array suggests: `Uint8Array` is `uint8`. Throws a DTypeError for what holds no dtype. */
export function dtypeOfArray(array: ArrayBufferView): DType {
  // From the back, since a Uint8Array is uint8 before it is bool; a class of its own (Buffer) is what it extends.
  const dtype = DTYPES.findLast((each) => array instanceof ARRAYS[each]);
  if (dtype !== undefined) return dtype;
  throw new DTypeError(
    `tensor: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got ${describe(array)}; convert it`,
  );
}

export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

const LIMITS: Readonly<Record<DType, readonly [low: number, high: number]>> = {
  bool: [0, 1],
  uint8: [0, 255],
  int32: [-2147483648, 2147483647],
  float32: [-Infinity, Infinity],
  float64: [-Infinity, Infinity],
};

/** The smallest and the largest value of a dtype. */
export function limitsOf(dtype: DType): readonly [low: number, high: number] {
  return LIMITS[dtype];
}

/** Whether a number stays what it is in a dtype; a floating one may round it. */
export function canHold(dtype: DType, value: number): boolean {
  const [low, high] = LIMITS[dtype];
  return isFloating(dtype) || (Number.isInteger(value) && value >= low && value <= high);
}

/** The error for a number that a dtype cannot hold; `where` begins the message. */
export function cannotHold(dtype: DType, value: number, where: string): DTypeError {
  const [low, high] = LIMITS[dtype];
  return new DTypeError(
    `${where}: ${dtype} cannot hold ${value} (whole numbers ${low} to ${high}); round or clip it, or choose another dtype`,
  );
}

/** A number as a tensor of this dtype stores it; bool has 1 for all that is not 0. */
export function stored(value: number, dtype: DType): number {
  const holder = allocateArray(dtype, 1);
  holder[0] = dtype === 'bool' ? Number(value !== 0) : value;
  return holder[0];
}

/** The common dtype of two tensors: the later in {@link DTYPES}. */
export function promote(a: DType, b: DType): DType {
  return DTYPES.indexOf(a) >= DTYPES.indexOf(b) ? a : b;
}

/**
 * The dtype in which a JavaScript number meets a tensor. The number is weak: it takes the tensor's dtype where
 * that dtype can hold it; a fractional number makes an integer tensor float32, a whole one out of range makes it
 * the next integer dtype that holds it.
 */
export function promoteNumber(dtype: DType, value: number): DType {
  if (isFloating(dtype)) return dtype;
  if (!Number.isInteger(value)) return 'float32';
  if (dtype === 'uint8' && canHold('uint8', value)) return 'uint8';
  return canHold('int32', value) ? 'int32' : 'float32';
}

/**
 * What each kind of operation does with the promoted dtype of its operands: the table of DTYPES and corner cases.
 *
 * | kind | bool | uint8 | int32 | float32 | float64 |
 * | --- | --- | --- | --- | --- | --- |
 * | arithmetic (add, sub, mul, neg, abs, sum, ...) | int32 | uint8, modulo 256 | int32, modulo 2^32 | float32 | float64 |
 * | floating (div, pow, exp, mean, ...) | float32 | float32 | float32 | float32 | float64 |
 * | ordering (maximum, minimum, max, min, where) | bool | uint8 | int32 | float32 | float64 |
 * | totals (sum, prod, cumulativeSum) | int32 | int32 | int32 | float32 | float64 |
 */
export function resultOf(kind: 'arithmetic' | 'floating' | 'ordering' | 'total', dtype: DType): DType {
  if (kind === 'ordering' || isFloating(dtype)) return dtype;
  if (kind === 'floating') return 'float32';
  return kind === 'arithmetic' && dtype === 'uint8' ? 'uint8' : 'int32';
}

/** Throws unless `dtype` is one of {@link DTYPES}; `where` begins the message. */
export function checkDType(dtype: unknown, where: string): asserts dtype is DType {
  if (!DTYPES.includes(dtype as DType)) {
    throw new DTypeError(`${where}: expected a dtype (${DTYPES.join(', ')}), got ${describe(dtype)}`);
  }
}
