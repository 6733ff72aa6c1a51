import { FormatError } from '@downhill/tensor';
import { countElements, ELEMENT_TYPES, type ElementType } from './element-type.js';

/** Where the file says a tensor is. */
export interface TensorEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Its bytes in the file, from `begin` up to, not including, `end`. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The name under which the header holds text about the file. */
export const METADATA = '__metadata__';
/** Bytes of the number before the header: its length. */
export const PREFIX = 8;
/** The longest header that the format allows, in bytes. */
const LONGEST = 100_000_000;

/** Reads and checks the whole header; throws a FormatError that begins with `source`. */
export function readHeader(bytes: Uint8Array, source: string): SafetensorsHeader {
  const { object, end } = headerObject(bytes, source);
  const entries = Object.entries(object)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => readEntry(name, value, end, bytes.length, source));
  checkCoverage(entries, end, bytes.length, source);
  const metadata = Object.hasOwn(object, METADATA) ? readMetadata(object[METADATA], source) : {};
  return { entries, metadata };
}

/** The header as JSON, and where it ends. */
function headerObject(bytes: Uint8Array, source: string): { object: Record<string, unknown>; end: number } {
  if (bytes.length < PREFIX) {
    throw new FormatError(
      `${source}: expected ${PREFIX} bytes with the length of the header, got ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > Math.min(LONGEST, bytes.length - PREFIX)) {
    throw new FormatError(
      `${source}: bytes 0 to 7 say that the header has ${length} bytes; ${bytes.length - PREFIX} follow, ` +
        `and ${LONGEST} are allowed: not a safetensors file, or one cut short`,
    );
  }
  const end = PREFIX + length;
  const text = decodeText(bytes.subarray(PREFIX, end), source);
  if (!text.startsWith('{'))
    throw new FormatError(`${source}: byte ${PREFIX}: the header does not begin with {`);
  const object = parseJson(text, source);
  checkKeys(text, source);
  return { object: object as Record<string, unknown>, end };
}

function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${source}: the header is not UTF-8`, { cause });
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${source}: the header is not JSON: ${String(cause)}`, { cause });
  }
}

/** Throws if an object in a JSON text has a key twice, which JSON.parse does not tell, or one that is not well-formed. */
function checkKeys(text: string, source: string): void {
  const open: Set<string>[] = [];
  for (const [token, quoted] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (quoted !== undefined) {
      const key = JSON.parse(quoted) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) throw new FormatError(`${source}: the header has ${quoted} twice`);
      if (!isWellFormed(key))
        throw new FormatError(`${source}: the header's ${quoted} has half a surrogate pair`);
      keys?.add(key);
    }
  }
}

/** Whether text can be written as UTF-8: no half of a surrogate pair stands alone. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function readEntry(
  name: string,
  value: unknown,
  dataStart: number,
  fileEnd: number,
  source: string,
): TensorEntry {
  const fail = (what: string): never => {
    throw new FormatError(`${source}: tensor ${JSON.stringify(name)}: ${what}`);
  };
  const {
    dtype,
    shape,
    data_offsets: offsets,
    ...others
  } = isRecord(value) ? value : fail('expected an object');
  const [other] = Object.keys(others);
  if (other !== undefined)
    fail(`unknown field ${JSON.stringify(other)}; expected dtype, shape, data_offsets`);
  const type =
    ELEMENT_TYPES.get(String(dtype)) ??
    fail(`expected a dtype of ${[...ELEMENT_TYPES.keys()].join(', ')}, got ${JSON.stringify(dtype)}`);
  if (!isWholeNumbers(shape)) {
    return fail(`expected a shape of whole numbers of at least 0, got ${JSON.stringify(shape)}`);
  }
  const count =
    countElements(shape) ?? fail(`shape ${JSON.stringify(shape)} has more than 2^31 - 1 elements`);
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(`expected data_offsets [begin, end], begin at most end, got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets.map((offset) => dataStart + offset);
  if (end > fileEnd) {
    fail(`data_offsets ${JSON.stringify(offsets)} reach beyond the ${fileEnd - dataStart} bytes of data`);
  }
  if (end - begin !== count * type.bytes) {
    fail(
      `data_offsets ${JSON.stringify(offsets)} span ${end - begin} bytes; ` +
        `shape ${JSON.stringify(shape)} of ${String(dtype)} takes ${count * type.bytes}`,
    );
  }
  return { name, type, shape, begin, end };
}

/** Throws unless the tensors lie end to end: no byte belongs to two, none to nobody. */
function checkCoverage(
  entries: readonly TensorEntry[],
  dataStart: number,
  fileEnd: number,
  source: string,
): void {
  let covered = dataStart;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      throw new FormatError(
        `${source}: tensor ${JSON.stringify(name)} begins at byte ${begin - dataStart} of the data, ` +
          (begin < covered
            ? `inside another, which ends at ${covered - dataStart}`
            : `but the one before it ends at ${covered - dataStart}`),
      );
    }
    covered = end;
  }
  if (covered !== fileEnd) {
    throw new FormatError(
      `${source}: ${fileEnd - covered} bytes after byte ${covered - dataStart} of the data belong to no tensor`,
    );
  }
}

function readMetadata(value: unknown, source: string): Record<string, string> {
  if (!isRecord(value)) throw new FormatError(`${source}: ${METADATA}: expected an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new FormatError(
        `${source}: ${METADATA}: ${JSON.stringify(key)}: expected a string, got ${typeof text}`,
      );
    }
  }
  return value as Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => Number.isSafeInteger(number) && number >= 0);
}
