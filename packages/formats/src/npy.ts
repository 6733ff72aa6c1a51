import {
  FormatError,
  isVariable,
  permute,
  tensor,
  type DType,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import {
  countElements,
  ELEMENT_TYPES,
  readElements,
  writeElements,
  type ElementType,
} from './element-type.js';
import type { DecodeOptions } from './safetensors.js';

const MAGIC = '\x93NUMPY';
/** NumPy lets the elements begin at a multiple of this. */
const ALIGNMENT = 64;

const DESCRIPTIONS: Readonly<Record<DType, string>> = {
  bool: '|b1',
  uint8: '|u1',
  int32: '<i4',
  float32: '<f4',
  float64: '<f8',
};

/** What NumPy calls each element type, without its byte order. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['b1', 'BOOL'],
  ['u1', 'U8'],
  ['i1', 'I8'],
  ['u2', 'U16'],
  ['i2', 'I16'],
  ['u4', 'U32'],
  ['i4', 'I32'],
  ['u8', 'U64'],
  ['i8', 'I64'],
  ['f2', 'F16'],
  ['f4', 'F32'],
  ['f8', 'F64'],
]);

interface NpyHeader {
  readonly type: ElementType;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly end: number;
}

/**
 * Reads an array that NumPy saved as `.npy` (versions 1 to 3 of the format, https://numpy.org/neps/nep-0001-npy-format.html),
 * of either byte order and either order of axes. The whole header is checked before an element is read.
 *
 * float64, float32, int32, uint8 and bool keep their dtype; float16 becomes float32, all other integers int32.
 *
 * @throws FormatError if the bytes do not follow the format, or hold an integer that int32 cannot, or an array of
 * anything else than numbers and booleans.
 */
export function decodeNpy(bytes: Uint8Array, { source = 'npy' }: DecodeOptions = {}): Tensor {
  const { type, littleEndian, fortranOrder, shape, end } = readHeader(bytes, source);
  const view = new DataView(bytes.buffer, bytes.byteOffset + end, bytes.byteLength - end);
  const elements = readElements(view, type, littleEndian, source);
  const { dtype } = type;
  return fortranOrder
    ? permute(tensor(elements, { shape: [...shape].reverse(), dtype }), [...shape.keys()].reverse())
    : tensor(elements, { shape, dtype });
}

/** A tensor as the bytes of an `.npy` file (version 1.0), which `numpy.load` reads. */
export async function encodeNpy(value: Tensor | Variable): Promise<Uint8Array<ArrayBuffer>> {
  const { shape, dtype } = value;
  const elements = await (isVariable(value) ? value.value : value).data();
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${DESCRIPTIONS[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = MAGIC.length + 4;
  const end = Math.ceil((start + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${dictionary.padEnd(end - start - 1)}\n`;
  if (header.length > 65535) {
    throw new FormatError(`encodeNpy: a shape of ${shape.length} axes does not fit the header`);
  }

  const bytes = new Uint8Array(end + elements.byteLength);
  bytes.set(Uint8Array.from(`${MAGIC}\x01\0`, (letter) => letter.charCodeAt(0)));
  new DataView(bytes.buffer).setUint16(start - 2, header.length, true);
  bytes.set(new TextEncoder().encode(header), start);
  writeElements(new DataView(bytes.buffer, end), elements);
  return bytes;
}

/** {@link encodeNpy} as a Blob, for a page to offer as a download or to keep. */
export async function npyBlob(value: Tensor | Variable): Promise<Blob> {
  return new Blob([await encodeNpy(value)], { type: 'application/octet-stream' });
}

function readHeader(bytes: Uint8Array, source: string): NpyHeader {
  const { text, start, end } = headerText(bytes, source);
  const fields = parseDictionary(text, start, source);
  for (const name of fields.keys()) {
    if (!['descr', 'fortran_order', 'shape'].includes(name)) {
      throw new FormatError(`${source}: the header has an unknown field '${name}'`);
    }
  }
  const field = (name: string, pattern: RegExp, expected: string): RegExpExecArray => {
    const value = fields.get(name);
    const match = pattern.exec(value ?? '');
    if (match === null) {
      throw new FormatError(
        `${source}: the header's ${name}: expected ${expected}, got ${value ?? 'nothing'}`,
      );
    }
    return match;
  };
  const names = [...TYPES.keys()].join(', ');
  const [, order, name] = field('descr', /^['"]([<>|=]?)(\w+)['"]$/, `a string such as '<f4'`);
  const type = ELEMENT_TYPES.get(TYPES.get(name) ?? '');
  if (type === undefined || ((order === '|' || order === '') && type.bytes > 1) || order === '=') {
    throw new FormatError(
      `${source}: the header's descr: expected a byte order, < or >, and one of ${names}; got '${order}${name}'`,
    );
  }
  const [fortran] = field('fortran_order', /^(?:True|False)$/, 'True or False');
  const [, extents] = field(
    'shape',
    /^\(\s*((?:\d+L?\s*,\s*)*|(?:\d+L?\s*,\s*)+\d+L?\s*)\)$/,
    'a tuple of whole numbers of at least 0',
  );
  const shape = [...extents.matchAll(/\d+/g)].map(Number);
  const count = countElements(shape);
  if (count === undefined) {
    throw new FormatError(`${source}: shape (${shape.join(', ')}) has more than 2^31 - 1 elements`);
  }
  if (bytes.length - end !== count * type.bytes) {
    throw new FormatError(
      `${source}: shape (${shape.join(', ')}) of ${order}${name} takes ${count * type.bytes} bytes; ` +
        `${bytes.length - end} follow the header, which ends at byte ${end}`,
    );
  }
  return { type, littleEndian: order !== '>', fortranOrder: fortran === 'True', shape, end };
}

function headerText(bytes: Uint8Array, source: string): { text: string; start: number; end: number } {
  const latin = (from: number, to: number): string =>
    new TextDecoder('latin1').decode(bytes.subarray(from, to));
  if (bytes.length < MAGIC.length + 4 || [...MAGIC].some((letter, i) => bytes[i] !== letter.charCodeAt(0))) {
    throw new FormatError(
      `${source}: does not begin as an .npy file does, with \\x93NUMPY, a version and a length`,
    );
  }
  const [major, minor] = [bytes[MAGIC.length], bytes[MAGIC.length + 1]];
  if (major < 1 || major > 3 || minor !== 0) {
    throw new FormatError(`${source}: expected version 1.0, 2.0 or 3.0 of the format, got ${major}.${minor}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = MAGIC.length + 2;
  const start = at + (major === 1 ? 2 : 4);
  if (start > bytes.length)
    throw new FormatError(`${source}: cut short at byte ${bytes.length}, in the header's length`);
  const end = start + (major === 1 ? view.getUint16(at, true) : view.getUint32(at, true));
  if (end > bytes.length) {
    throw new FormatError(`${source}: the header would end at byte ${end}; the file ends at ${bytes.length}`);
  }
  return { text: latin(start, end), start, end };
}

/** The fields of a Python dictionary, as they are written: strings, True, False and tuples, nothing else. */
function parseDictionary(text: string, start: number, source: string): Map<string, string> {
  const fields = new Map<string, string>();
  const [opening] = /^\s*\{\s*/.exec(text) ?? [''];
  const entry = /(['"])(\w*)\1\s*:\s*('[^'\\]*'|"[^"\\]*"|True|False|\([^()]*\))\s*(?:,\s*|(?=\}))/y;
  let position = (entry.lastIndex = opening.length);
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    const [, , name, value] = match;
    if (fields.has(name)) throw new FormatError(`${source}: the header has '${name}' twice`);
    fields.set(name, value);
    position = entry.lastIndex;
  }
  if (opening === '' || !/^\}\s*$/.test(text.slice(position))) {
    const found = JSON.stringify(text.slice(position, position + 40));
    throw new FormatError(
      `${source}: byte ${start + position}: the header is not a dictionary of strings, booleans and tuples: ${found}`,
    );
  }
  return fields;
}
