import {
  bytesPerElement,
  FormatError,
  isVariable,
  tensor,
  type DType,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { readElements, writeElements } from './element-type.js';
import { isWellFormed, METADATA, PREFIX, readHeader } from './safetensors-header.js';

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, as `Module.load` takes them. */
  readonly tensors: Record<string, Tensor>;
  /** Text about the file, by key; empty where it has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface EncodeSafetensorsOptions {
  /** Text to keep in the file, such as `{ epoch: '7' }`; none by default. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface DecodeOptions {
  /** What error messages call these bytes: a path or an address; the name of the format by default. */
  readonly source?: string;
}

const NAMES: Readonly<Record<DType, string>> = {
  bool: 'BOOL',
  uint8: 'U8',
  int32: 'I32',
  float32: 'F32',
  float64: 'F64',
};

/**
 * Reads a safetensors file (https://huggingface.co/docs/safetensors). The whole header is checked before an element is
 * read: lengths, names, dtypes, shapes, and that the tensors lie end to end without overlap or gap.
 *
 * F64, F32, I32, U8 and BOOL keep their dtype. What no tensor holds as it is becomes the dtype that has its values exactly:
 * F16 and BF16 float32; I8, I16, U16, U32, I64 and U64 int32.
 *
 * @throws FormatError if the bytes do not follow the format, or hold an integer that int32 cannot.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  { source = 'safetensors' }: DecodeOptions = {},
): Safetensors {
  const { entries, metadata } = readHeader(bytes, source);
  const tensors = entries.map(({ name, type, shape, begin, end }): [string, Tensor] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + begin, end - begin);
    const elements = readElements(view, type, true, `${source}: tensor ${JSON.stringify(name)}`);
    return [name, tensor(elements, { shape, dtype: type.dtype })];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * Tensors, or a module's `state()`, as the bytes of a safetensors file. All are taken as they are at the call, whatever
 * is assigned while they are read. Wide elements come first, so that each tensor begins at a multiple of its element's size.
 *
 * @throws FormatError for the name `__metadata__`, which the format keeps for itself, or text that UTF-8 cannot hold.
 */
export async function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor | Variable>>,
  { metadata = {} }: EncodeSafetensorsOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkTexts(Object.keys(tensors), metadata);
  const named = Object.entries(tensors)
    .map(([name, value]): [string, Tensor] => [name, isVariable(value) ? value.value : value])
    .sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  let length = 0;
  const entries = named.map(([name, { dtype, shape, size }]): [string, unknown] => {
    const begin = length;
    length += size * bytesPerElement(dtype);
    return [name, { dtype: NAMES[dtype], shape, data_offsets: [begin, length] }];
  });
  const about = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...about, ...entries])));
  const headerLength = Math.ceil(text.length / 8) * 8;

  const bytes = new Uint8Array(PREFIX + headerLength + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, PREFIX, PREFIX + headerLength).set(text, PREFIX);
  let position = PREFIX + headerLength;
  for (const [, value] of named) {
    const elements = await value.data();
    writeElements(new DataView(bytes.buffer, position, elements.byteLength), elements);
    position += elements.byteLength;
  }
  return bytes;
}

/** {@link encodeSafetensors} as a Blob, for a page to offer as a download or to keep. */
export async function safetensorsBlob(
  tensors: Readonly<Record<string, Tensor | Variable>>,
  options?: EncodeSafetensorsOptions,
): Promise<Blob> {
  return new Blob([await encodeSafetensors(tensors, options)], { type: 'application/octet-stream' });
}

function checkTexts(names: readonly string[], metadata: Readonly<Record<string, string>>): void {
  if (names.includes(METADATA)) {
    throw new FormatError(`encodeSafetensors: no tensor may be called ${METADATA}; rename it`);
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') {
      throw new FormatError(`encodeSafetensors: metadata ${key}: expected a string, got ${typeof text}`);
    }
  }
  for (const text of [...names, ...Object.entries(metadata).flat()]) {
    if (!isWellFormed(text)) {
      throw new FormatError(
        `encodeSafetensors: ${JSON.stringify(text)} has half a surrogate pair, which UTF-8 cannot hold`,
      );
    }
  }
}
