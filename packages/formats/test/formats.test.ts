import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNpy, decodeSafetensors, encodeNpy, encodeSafetensors } from '@downhill/formats';
import { readNpy, readSafetensors, writeNpy, writeSafetensors } from '@downhill/formats/node';
import { BatchNorm1d, Linear, Sequential } from '@downhill/layers';
import { DTYPES, FormatError, sizeOf, tensor, variable, type Tensor } from '@downhill/tensor';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const someTensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.nat(3), { maxLength: 4 }),
    numbers: fc.infiniteStream(fc.nat(255)),
  })
  .map(({ dtype, shape, numbers }) => {
    const bytes = [...numbers.take(sizeOf(shape))];
    return tensor(
      Float64Array.from(bytes, (byte) => (dtype === 'bool' ? byte % 2 : byte)),
      { shape, dtype },
    );
  });
const someTensors = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
  someTensor,
  { maxKeys: 5 },
);
const text = fc.string({ unit: 'grapheme' });

const shown = (value: Tensor): unknown[] => [value.dtype, value.shape, [...value.dataSync()]];

/** A safetensors file of a header, as text or as what JSON writes, and `dataBytes` bytes. */
function safetensorsOf(header: unknown, dataBytes = 0): Uint8Array {
  const bytes = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + bytes.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  return file;
}

/** An npy file of version 1.0 with this header, and `dataBytes` bytes. */
function npyOf(header: string, dataBytes = 0): Uint8Array {
  const file = new Uint8Array(10 + header.length + dataBytes);
  file.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length & 255, header.length >> 8]);
  file.set(new TextEncoder().encode(header), 10);
  return file;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32'): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('what is written', () => {
  it('is read again: safetensors', async () => {
    await fc.assert(
      fc.asyncProperty(someTensors, fc.dictionary(text, text), async (tensors, metadata) => {
        const read = decodeSafetensors(await encodeSafetensors(tensors, { metadata }));
        expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, value] of Object.entries(tensors))
          expect(shown(read.tensors[name])).toEqual(shown(value));
        expect({ ...read.metadata }).toEqual({ ...metadata });
      }),
    );
  });

  it('is read again: npy', async () => {
    await fc.assert(
      fc.asyncProperty(someTensor, async (value) => {
        expect(shown(decodeNpy(await encodeNpy(value)))).toEqual(shown(value));
      }),
    );
  });

  it('is read wherever it stands in a larger buffer', async () => {
    const file = await encodeSafetensors({ a: tensor([1, 2, 3]) });
    const npy = await encodeNpy(tensor([1, 2, 3]));
    for (const offset of [1, 3, 8]) {
      const [inside, npyInside] = [file, npy].map((bytes) => {
        const larger = new Uint8Array(bytes.length + offset + 5).fill(0xff);
        larger.set(bytes, offset);
        return larger.subarray(offset, offset + bytes.length);
      });
      expect(decodeSafetensors(inside).tensors.a.toArray()).toEqual([1, 2, 3]);
      expect(decodeNpy(npyInside).toArray()).toEqual([1, 2, 3]);
    }
  });

  it('is what the variables held at the call', async () => {
    const v = variable([1, 2]);
    const file = encodeSafetensors({ v });
    v.assign(tensor([3, 4]));
    expect(decodeSafetensors(await file).tensors.v.toArray()).toEqual([1, 2]);
    expect(decodeNpy(await encodeNpy(v)).toArray()).toEqual([3, 4]);
  });

  it('holds each tensor at a multiple of its element size', async () => {
    const file = await encodeSafetensors({
      byte: tensor([true]),
      single: tensor([1]),
      double: tensor([1], { dtype: 'float64' }),
    });
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: number[] }
    >;
    expect((8 + length) % 8).toBe(0);
    expect(header.double.data_offsets).toEqual([0, 8]);
    expect(header.single.data_offsets).toEqual([8, 12]);
    expect(header.byte.data_offsets).toEqual([12, 13]);
  });

  it.each([
    ['no tensor may be called __metadata__', { __metadata__: tensor(1) }, {}],
    ['half a surrogate pair', { 'a\ud800': tensor(1) }, {}],
    ['half a surrogate pair', {}, { key: '\udc00' }],
    ['metadata epoch: expected a string, got number', {}, { epoch: 7 as never }],
  ])('is refused: %s', async (message, tensors, metadata: Record<string, string>) => {
    await expect(encodeSafetensors(tensors, { metadata })).rejects.toThrow(FormatError);
    await expect(encodeSafetensors(tensors, { metadata })).rejects.toThrow(message);
  });
});

describe('a safetensors file', () => {
  it('may name a tensor __proto__', async () => {
    const tensors = Object.fromEntries([['__proto__', tensor([1])]]);
    expect(Object.keys(decodeSafetensors(await encodeSafetensors(tensors)).tensors)).toEqual(['__proto__']);
  });

  it.each<[string, Uint8Array, string]>([
    ['is empty', new Uint8Array(0), 'expected 8 bytes with the length of the header, got 0'],
    ['has a header longer than itself', safetensorsOf('{}').subarray(0, 9), 'has 2 bytes; 1 follow'],
    [
      'has a header beyond all bounds',
      new Uint8Array(9).fill(255),
      'bytes 0 to 7 say that the header has 18446744073709552000 bytes',
    ],
    ['is not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff), 'the header is not UTF-8'],
    ['does not begin with {', safetensorsOf(' {}'), 'byte 8: the header does not begin with {'],
    ['is not JSON', safetensorsOf('{"a":'), 'the header is not JSON'],
    [
      'names a tensor twice',
      safetensorsOf('{"a":1,"b":{"a":1},"\\u0061":1}'),
      'the header has "\\u0061" twice',
    ],
    ['names half a surrogate pair', safetensorsOf('{"\\ud800":1}'), 'half a surrogate pair'],
    ['has an entry that is no object', safetensorsOf({ w: [] }), 'tensor "w": expected an object'],
    [
      'has an unknown field',
      safetensorsOf({ w: { ...entry(0, 0), type: 1 } }),
      'tensor "w": unknown field "type"',
    ],
    ['has an unknown dtype', safetensorsOf({ w: entry(0, 4, [4], 'F8_E4M3') }, 4), 'got "F8_E4M3"'],
    [
      'has no dtype',
      safetensorsOf({ w: { shape: [], data_offsets: [0, 4] } }, 4),
      'expected a dtype of BOOL',
    ],
    [
      'has a negative extent',
      safetensorsOf({ w: entry(0, 4, [-1]) }, 4),
      'expected a shape of whole numbers',
    ],
    [
      'has a fractional extent',
      safetensorsOf({ w: entry(0, 4, [0.5]) }, 4),
      'expected a shape of whole numbers',
    ],
    [
      'is too large for a tensor',
      safetensorsOf({ w: entry(0, 4, [65536, 65536, 0]) }, 4),
      'more than 2^31 - 1 elements',
    ],
    [
      'ends before it begins',
      safetensorsOf({ w: entry(4, 0, [1]) }, 4),
      'expected data_offsets [begin, end]',
    ],
    [
      'has three offsets',
      safetensorsOf({ w: { ...entry(0, 4), data_offsets: [0, 4, 8] } }, 8),
      'got [0,4,8]',
    ],
    ['reaches beyond the end', safetensorsOf({ w: entry(0, 8) }, 7), 'reach beyond the 7 bytes of data'],
    [
      'has too few bytes for a shape',
      safetensorsOf({ w: entry(0, 8, [3]) }, 8),
      'span 8 bytes; shape [3] of F32 takes 12',
    ],
    [
      'overlaps',
      safetensorsOf({ a: entry(0, 8), b: entry(4, 12) }, 12),
      'tensor "b" begins at byte 4 of the data, inside another, which ends at 8',
    ],
    [
      'has a gap',
      safetensorsOf({ a: entry(0, 4), b: entry(8, 12) }, 12),
      'tensor "b" begins at byte 8 of the data, but the one before it ends at 4',
    ],
    [
      'has bytes left',
      safetensorsOf({ a: entry(0, 4) }, 5),
      '1 bytes after byte 4 of the data belong to no tensor',
    ],
    [
      'has metadata that is no text',
      safetensorsOf({ __metadata__: { epoch: 7 } }),
      '"epoch": expected a string, got number',
    ],
    [
      'has metadata that is no object',
      safetensorsOf({ __metadata__: 'seven' }),
      '__metadata__: expected an object',
    ],
    [
      'holds a bool of 2',
      safetensorsOf('{"m":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', 1).fill(2, -1),
      'tensor "m": element 0 is 2, which bool cannot hold',
    ],
    [
      'holds an integer beyond 32 bits',
      safetensorsOf({ n: entry(0, 8, [1], 'I64') }, 8).fill(1, -4),
      'which int32 cannot hold',
    ],
  ])('that %s is a FormatError that says so', (_, file, message) => {
    expect(() => decodeSafetensors(file, { source: 'model' })).toThrow(FormatError);
    expect(() => decodeSafetensors(file, { source: 'model' })).toThrow(message);
    expect(() => decodeSafetensors(file, { source: 'model' })).toThrow(/^model: /);
  });
});

const DICTIONARY = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

describe('an npy file', () => {
  it.each([
    ["{'shape':(2L,),'fortran_order':False,'descr':'<f4'}"],
    [`{"descr": "<f4", "fortran_order": True, "shape": (1, 2)}\n`],
    [`${DICTIONARY}    \n`],
  ])('may write its header otherwise: %s', (header) => {
    expect([...decodeNpy(npyOf(header, 8)).dataSync()]).toEqual([0, 0]);
  });

  it.each<[string, Uint8Array, string]>([
    ['is empty', new Uint8Array(0), 'does not begin as an .npy file does'],
    ['has other magic', npyOf(DICTIONARY, 8).fill(0x92, 0, 1), 'does not begin as an .npy file does'],
    ['has version 4', npyOf(DICTIONARY, 8).fill(4, 6, 7), 'got 4.0'],
    ['has version 1.1', npyOf(DICTIONARY, 8).fill(1, 7, 8), 'got 1.1'],
    ['ends in its length', npyOf('').fill(2, 6, 7), "cut short at byte 10, in the header's length"],
    [
      'ends in its header',
      npyOf(DICTIONARY, 8).subarray(0, 30),
      'the header would end at byte 67; the file ends at 30',
    ],
    ['has no dictionary', npyOf('[]'), 'byte 10: the header is not a dictionary'],
    [
      'has a call in its header',
      npyOf("{'descr': f(), }"),
      'byte 11: the header is not a dictionary of strings, booleans and tuples: "\'descr\': f(), }"',
    ],
    ['has structured elements', npyOf("{'descr': [('x', '<f4')], }"), 'not a dictionary'],
    ['has a field twice', npyOf("{'descr': '<f4', 'descr': '<f4'}"), "'descr' twice"],
    ['has an unknown field', npyOf("{'order': 'C'}"), "unknown field 'order'"],
    [
      'lacks a field',
      npyOf("{'descr': '<f4', 'fortran_order': False}"),
      'shape: expected a tuple of whole numbers of at least 0, got nothing',
    ],
    ['has complex numbers', npyOf(DICTIONARY.replace('<f4', '<c8'), 16), "got '<c8'"],
    ['has objects', npyOf(DICTIONARY.replace('<f4', '|O'), 16), "got '|O'"],
    ['has no byte order', npyOf(DICTIONARY.replace('<f4', 'f4'), 8), "got 'f4'"],
    [
      'has a negative extent',
      npyOf(DICTIONARY.replace('2', '-2'), 8),
      'shape: expected a tuple of whole numbers of at least 0, got (-2,)',
    ],
    ['has an extent without a tuple', npyOf(DICTIONARY.replace('2,', '2'), 8), 'expected a tuple'],
    ['is too large', npyOf(DICTIONARY.replace('2', '2147483648'), 8), 'more than 2^31 - 1 elements'],
    [
      'is cut short',
      npyOf(DICTIONARY, 7),
      'shape (2) of <f4 takes 8 bytes; 7 follow the header, which ends at byte 67',
    ],
    ['goes on', npyOf(DICTIONARY, 9), 'takes 8 bytes; 9 follow'],
    [
      'holds a bool of 2',
      npyOf(DICTIONARY.replace('<f4', '|b1'), 2).fill(2, -1),
      'element 1 is 2, which bool cannot hold',
    ],
  ])('that %s is a FormatError that says so', (_, file, message) => {
    expect(() => decodeNpy(file, { source: 'x.npy' })).toThrow(FormatError);
    expect(() => decodeNpy(file, { source: 'x.npy' })).toThrow(message);
    expect(() => decodeNpy(file, { source: 'x.npy' })).toThrow(/^x\.npy: /);
  });
});

describe('bytes from anywhere', () => {
  /** Decodes; anything but a result or a FormatError fails. */
  function tolerates(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
    try {
      decode(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
  }
  const valid = (bytes: Uint8Array) => fc.constant(bytes);
  /** A file with some bytes exchanged, cut or added. */
  const mutated = (file: fc.Arbitrary<Uint8Array>) =>
    fc
      .record({
        file,
        changes: fc.array(
          fc.tuple(fc.nat(400), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0189{}[],:"\'()-.e')))),
        ),
        cut: fc.option(fc.nat(400)),
        added: fc.uint8Array({ maxLength: 4 }),
      })
      .map(({ file: original, changes, cut, added }) => {
        const bytes = Uint8Array.from([...original.subarray(0, cut ?? original.length), ...added]);
        for (const [place, byte] of changes) if (place < bytes.length) bytes[place] = byte;
        return bytes;
      });
  const header = (text: string): Uint8Array => npyOf(text, 8);

  it('never break safetensors', async () => {
    const file = await encodeSafetensors({
      a: tensor([[1, 2]]),
      b: tensor([true]),
      c: tensor(3, { dtype: 'int32' }),
    });
    const runs = { numRuns: 2000 };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        tolerates(decodeSafetensors, bytes);
      }),
      runs,
    );
    fc.assert(
      fc.property(mutated(valid(file)), (bytes) => {
        tolerates(decodeSafetensors, bytes);
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.json(), fc.nat(20), (json, length) => {
        tolerates(decodeSafetensors, safetensorsOf(json, length));
      }),
      runs,
    );
    const field = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(fc.oneof(fc.nat(20), fc.maxSafeInteger()), { maxLength: 3 }),
    );
    const entries = fc.dictionary(
      fc.string(),
      fc.record({
        dtype: fc.oneof(fc.constantFrom('F32', 'I64', 'BOOL', 'F8'), field),
        shape: field,
        data_offsets: field,
      }),
    );
    fc.assert(
      fc.property(entries, fc.nat(20), (object, length) => {
        tolerates(decodeSafetensors, safetensorsOf(object, length));
      }),
      runs,
    );
  });

  it('never break npy', async () => {
    const file = await encodeNpy(tensor([[1, 2]]));
    const runs = { numRuns: 2000 };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        tolerates(decodeNpy, bytes);
      }),
      runs,
    );
    fc.assert(
      fc.property(mutated(valid(file)), (bytes) => {
        tolerates(decodeNpy, bytes);
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        tolerates(decodeNpy, header(text));
      }),
      runs,
    );
    const shapes = fc.array(fc.oneof(fc.nat(3), fc.maxSafeInteger()), { maxLength: 40 });
    fc.assert(
      fc.property(shapes, fc.constantFrom('<f4', '>f2', '|b1', '<i8', '|V8'), (shape, descr) => {
        tolerates(
          decodeNpy,
          header(`{'descr': '${descr}', 'fortran_order': True, 'shape': (${shape.join()},), }`),
        );
      }),
      runs,
    );
  });

  it('are not read beyond their end', async () => {
    const file = await encodeSafetensors({ a: tensor([1, 2, 3]) });
    const npy = await encodeNpy(tensor([1, 2, 3]));
    fc.assert(
      fc.property(fc.nat(300), (length) => {
        // The rest of the file is there, behind the end of the view.
        if (length < file.length)
          expect(() => decodeSafetensors(file.subarray(0, length))).toThrow(FormatError);
        if (length < npy.length) expect(() => decodeNpy(npy.subarray(0, length))).toThrow(FormatError);
      }),
    );
  });
});

describe('files in Node', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'downhill-formats-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('carry a model from one program to another', async () => {
    const build = () => new Sequential([new Linear(3, 4), new BatchNorm1d(4), new Linear(4, 2)]);
    const [trained, fresh] = [build(), build()];
    const x = tensor([
      [1, 2, 3],
      [4, 5, 7],
    ]);
    trained.forward(x, { training: true });
    const path = join(folder, 'model.safetensors');
    await writeSafetensors(path, trained.state(), { metadata: { epoch: '1' } });
    const { tensors, metadata } = await readSafetensors(path);
    expect(fresh.forward(x).toArray()).not.toEqual(trained.forward(x).toArray());
    expect(fresh.load(tensors)).toEqual({ missing: [], leftOver: [], misshapen: [] });
    expect(fresh.forward(x).toArray()).toEqual(trained.forward(x).toArray());
    expect(metadata).toEqual({ epoch: '1' });
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('replace what was there', async () => {
    const path = join(folder, 'x.npy');
    await writeFile(path, 'something else');
    await writeNpy(path, tensor([1, 2]));
    expect((await readNpy(path)).toArray()).toEqual([1, 2]);
  });

  it('leave what was there, and nothing else, when writing fails', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, { a: tensor([1]) });
    const before = await readFile(path);
    await expect(writeSafetensors(path, { __metadata__: tensor([2]) })).rejects.toThrow(FormatError);
    expect(await readFile(path)).toEqual(before);
    // A folder cannot be replaced by a file: the rename fails, when all is written.
    await expect(writeNpy(folder, tensor([1]))).rejects.toThrow();
    await expect(writeNpy(join(folder, 'no', 'x.npy'), tensor([1]))).rejects.toThrow('ENOENT');
    expect(await readdir(folder)).toEqual(['x.safetensors']);
    expect(
      (await readdir(join(folder, '..'))).filter((name) => name.startsWith(`${folder.split('/').at(-1)}.`)),
    ).toEqual([]);
  });

  it('name their path when they are malformed', async () => {
    const path = join(folder, 'broken');
    await writeFile(path, 'not what it seems');
    await expect(readSafetensors(path)).rejects.toThrow(`${path}: bytes 0 to 7`);
    await expect(readNpy(path)).rejects.toThrow(`${path}: does not begin`);
  });
});
