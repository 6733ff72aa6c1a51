import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { FormatError } from '@downhill/tensor';
import { fashionMnist, readIdx } from '@downhill/data';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datasetOf } from '../src/fashion-mnist.js';

/** [[1, 2, 3], [4, 5, 255]] as bytes. */
const FILE = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);

describe('an IDX file', () => {
  it('is read, gzipped or not', async () => {
    const expected = { shape: [2, 3], elements: Uint8Array.of(1, 2, 3, 4, 5, 255) };
    expect(await readIdx(FILE)).toEqual(expected);
    expect(await readIdx(new Uint8Array(gzipSync(FILE)))).toEqual(expected);
  });

  it.each([
    ['int8', 9, [255], Int8Array.of(-1)],
    ['int16', 11, [1, 2], Int16Array.of(258)],
    ['int32', 12, [255, 255, 255, 254], Int32Array.of(-2)],
    ['float32', 13, [0x3f, 0xc0, 0, 0], Float32Array.of(1.5)],
    ['float64', 14, [0xc0, 4, 0, 0, 0, 0, 0, 0], Float64Array.of(-2.5)],
  ])('of %s is read', async (_, type, bytes, elements) => {
    expect(await readIdx(Uint8Array.of(0, 0, type, 1, 0, 0, 0, 1, ...bytes))).toEqual({
      shape: [1],
      elements,
    });
  });

  it.each([
    ['is empty', new Uint8Array(0), 'does not begin as an IDX file does'],
    ['begins otherwise', Uint8Array.of(1, 0, 8, 0, 0), 'does not begin as an IDX file does'],
    [
      'has an unknown type',
      Uint8Array.of(0, 0, 10, 0, 0),
      'byte 2: expected a type of 8, 9, 11, 12, 13 or 14, got 10',
    ],
    ['ends in its shape', FILE.slice(0, 9), '2 extents end at byte 12; the file ends at 9'],
    ['is cut short', FILE.slice(0, -1), 'shape [2, 3] takes 6 bytes; 5 follow the header'],
    ['goes on', Uint8Array.of(...FILE, 0), 'shape [2, 3] takes 6 bytes; 7 follow the header'],
    ['is cut short as gzip', new Uint8Array(gzipSync(FILE)).slice(0, -9), 'cannot be unpacked as gzip'],
  ])('that %s is a FormatError that says so', async (_, bytes, message) => {
    await expect(readIdx(bytes, { source: 'x' })).rejects.toThrow(FormatError);
    await expect(readIdx(bytes, { source: 'x' })).rejects.toThrow(`x: ${message}`);
  });

  it('of any bytes gives an array or a FormatError', async () => {
    const changed = fc
      .tuple(
        fc.constantFrom(FILE, new Uint8Array(gzipSync(FILE))),
        fc.array(fc.tuple(fc.nat(40), fc.nat(255))),
        fc.nat(40),
      )
      .map(([file, changes, cut]) => {
        const bytes = file.slice(0, cut);
        for (const [place, byte] of changes) if (place < bytes.length) bytes[place] = byte;
        return bytes;
      });
    const any = fc.oneof(
      changed,
      fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(any, async (bytes) => {
        await readIdx(bytes).catch((error: unknown) => {
          expect(error).toBeInstanceOf(FormatError);
        });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('fashionMnist', () => {
  const folder = '/usr/share/datasets/fashion-mnist';

  it.skipIf(!existsSync(folder))('is 70,000 pictures, 6,000 and 1,000 of each class', async () => {
    const { training, test } = await fashionMnist(folder);
    for (const [part, each] of [
      [training, 6000],
      [test, 1000],
    ] as const) {
      expect(part.shape).toEqual([1, 28, 28]);
      expect(part.images).toHaveLength(each * 10 * 784);
      const counts = new Array<number>(10).fill(0);
      for (const label of part.labels) counts[label]++;
      expect(counts).toEqual(new Array<number>(10).fill(each));
    }
    // The published mean of the training pictures, as everybody normalizes with: 0.2860.
    const mean = training.images.reduce((sum, value) => sum + value, 0) / training.images.length;
    expect(mean).toBeCloseTo(0.286, 4);
    // The first is an ankle boot, class 9.
    expect(training.labels[0]).toBe(9);
  });

  it('says when files do not belong together', async () => {
    const pictures = { shape: [1, 28, 28], elements: new Uint8Array(784) };
    const labels = { shape: [1], elements: Uint8Array.of(3) };
    expect(datasetOf(pictures, labels, 'train').labels).toEqual(Int32Array.of(3));
    expect(() => datasetOf(labels, labels, 'train')).toThrow(
      'train: expected bytes of shape [count, 28, 28], got [1]',
    );
    expect(() => datasetOf(pictures, { shape: [2], elements: Uint8Array.of(3, 3) }, 'train')).toThrow(
      '1 pictures want 1 labels',
    );
    expect(() => datasetOf(pictures, { shape: [1], elements: Uint8Array.of(10) }, 'train')).toThrow(
      'got 10 at place 0',
    );
    await expect(fashionMnist('/nowhere')).rejects.toThrow('ENOENT');
  });
});
