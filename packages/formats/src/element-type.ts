import { allocateArray, FormatError, type DType, type TypedArray } from '@downhill/tensor';

/** A type of element that files hold: how many bytes it takes, how one is read, and the dtype that holds its values exactly. */
export interface ElementType {
  readonly bytes: number;
  readonly dtype: DType;
  readonly read: (view: DataView, position: number, littleEndian: boolean) => number;
}

/** By the names of safetensors. 64-bit and unsigned 32-bit integers become int32, as long as each value is one. */
export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['BOOL', { bytes: 1, dtype: 'bool', read: (view, at) => view.getUint8(at) }],
  ['U8', { bytes: 1, dtype: 'uint8', read: (view, at) => view.getUint8(at) }],
  ['I8', { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) }],
  ['U16', { bytes: 2, dtype: 'int32', read: (view, at, little) => view.getUint16(at, little) }],
  ['I16', { bytes: 2, dtype: 'int32', read: (view, at, little) => view.getInt16(at, little) }],
  ['U32', { bytes: 4, dtype: 'int32', read: (view, at, little) => view.getUint32(at, little) }],
  ['I32', { bytes: 4, dtype: 'int32', read: (view, at, little) => view.getInt32(at, little) }],
  ['U64', { bytes: 8, dtype: 'int32', read: (view, at, little) => Number(view.getBigUint64(at, little)) }],
  ['I64', { bytes: 8, dtype: 'int32', read: (view, at, little) => Number(view.getBigInt64(at, little)) }],
  ['F16', { bytes: 2, dtype: 'float32', read: (view, at, little) => fromHalf(view.getUint16(at, little)) }],
  ['BF16', { bytes: 2, dtype: 'float32', read: (view, at, little) => fromBrain(view.getUint16(at, little)) }],
  ['F32', { bytes: 4, dtype: 'float32', read: (view, at, little) => view.getFloat32(at, little) }],
  ['F64', { bytes: 8, dtype: 'float64', read: (view, at, little) => view.getFloat64(at, little) }],
]);

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function fromBrain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/**
 * The elements that fill `view`. Throws a FormatError for one that its dtype cannot hold: a bool that is neither 0 nor 1,
 * an integer beyond 32 bits.
 */
export function readElements(
  view: DataView,
  { bytes, dtype, read }: ElementType,
  littleEndian: boolean,
  where: string,
): TypedArray {
  const elements = allocateArray(dtype, view.byteLength / bytes);
  const highest = dtype === 'bool' ? 1 : Infinity;
  for (let i = 0; i < elements.length; i++) {
    const value = read(view, i * bytes, littleEndian);
    elements[i] = value;
    if (value > highest || (dtype === 'int32' && elements[i] !== value)) {
      throw new FormatError(`${where}: element ${i} is ${value}, which ${dtype} cannot hold`);
    }
  }
  return elements;
}

/** Stores `elements` in `view` from its start, little-endian. */
export function writeElements(view: DataView, elements: TypedArray): void {
  const bytes = elements.BYTES_PER_ELEMENT;
  if (elements instanceof Float32Array) {
    elements.forEach((value, i) => {
      view.setFloat32(i * bytes, value, true);
    });
  } else if (elements instanceof Float64Array) {
    elements.forEach((value, i) => {
      view.setFloat64(i * bytes, value, true);
    });
  } else if (elements instanceof Int32Array) {
    elements.forEach((value, i) => {
      view.setInt32(i * bytes, value, true);
    });
  } else {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(elements);
  }
}

/** The elements a shape has, or undefined for more than the 2^31 - 1 that a tensor may have, extents of 0 left out of account. */
export function countElements(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const extent of shape) {
    count *= Math.max(extent, 1);
    if (count > 2147483647) return undefined;
  }
  return shape.includes(0) ? 0 : count;
}
