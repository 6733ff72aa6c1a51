import { FormatError, sizeOf } from '@downhill/tensor';

/** An array as IDX files hold it. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly elements: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

/** What the third byte of a file says its elements are. */
const ELEMENTS = new Map([
  [
    0x08,
    {
      create: (length: number) => new Uint8Array(length),
      read: (view: DataView, at: number) => view.getUint8(at),
    },
  ],
  [
    0x09,
    {
      create: (length: number) => new Int8Array(length),
      read: (view: DataView, at: number) => view.getInt8(at),
    },
  ],
  [
    0x0b,
    {
      create: (length: number) => new Int16Array(length),
      read: (view: DataView, at: number) => view.getInt16(at),
    },
  ],
  [
    0x0c,
    {
      create: (length: number) => new Int32Array(length),
      read: (view: DataView, at: number) => view.getInt32(at),
    },
  ],
  [
    0x0d,
    {
      create: (length: number) => new Float32Array(length),
      read: (view: DataView, at: number) => view.getFloat32(at),
    },
  ],
  [
    0x0e,
    {
      create: (length: number) => new Float64Array(length),
      read: (view: DataView, at: number) => view.getFloat64(at),
    },
  ],
]);

/** The most bytes that a compressed file may become: what keeps a small file from filling the memory. */
const LARGEST = 2 ** 31 - 1;

/**
 * Reads an IDX file, the format of MNIST (http://yann.lecun.com/exdb/mnist): big-endian numbers behind their type and
 * shape. A gzipped one is unpacked first.
 *
 * @throws FormatError, beginning with `source`, if the bytes do not follow the format.
 */
export async function readIdx(
  bytes: Uint8Array<ArrayBuffer>,
  { source = 'idx' }: { readonly source?: string } = {},
): Promise<IdxArray> {
  return decodeIdx(bytes[0] === 0x1f && bytes[1] === 0x8b ? await gunzip(bytes, source) : bytes, source);
}

function decodeIdx(bytes: Uint8Array, source: string): IdxArray {
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw new FormatError(`${source}: does not begin as an IDX file does, with two zeros, a type and a rank`);
  }
  const type = ELEMENTS.get(bytes[2]);
  if (type === undefined) {
    throw new FormatError(`${source}: byte 2: expected a type of 8, 9, 11, 12, 13 or 14, got ${bytes[2]}`);
  }
  if (bytes.length < start) {
    throw new FormatError(
      `${source}: ${rank} extents end at byte ${start}; the file ends at ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.includes(0) ? 0 : sizeOf(shape);
  const size = type.create(0).BYTES_PER_ELEMENT;
  if (bytes.length - start !== count * size) {
    throw new FormatError(
      `${source}: shape [${shape.join(', ')}] takes ${count * size} bytes; ${bytes.length - start} follow the header`,
    );
  }
  const elements = type.create(count);
  for (let i = 0; i < count; i++) elements[i] = type.read(view, start + i * size);
  return { shape, elements };
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>, source: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      length += part.value.length;
      if (length > LARGEST) break;
    }
  } catch (cause) {
    throw new FormatError(`${source}: cannot be unpacked as gzip: ${String(cause)}`, { cause });
  }
  if (length > LARGEST) {
    await reader.cancel();
    throw new FormatError(`${source}: unpacks to more than ${LARGEST} bytes`);
  }
  const whole = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
