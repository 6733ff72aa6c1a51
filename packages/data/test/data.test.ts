import { DownhillError, FormatError, ShapeError } from '@downhill/tensor';
import { batches, mnistDigits, split, type Batch, type Dataset } from '@downhill/data';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDigit } from '../src/mnist-digits.js';
import { shuffledOrder } from '../src/shuffle.js';

/** Examples that can be told apart: image i is [i, i + 0.5], its label i. */
function numbered(count: number): Dataset {
  return {
    shape: [2],
    images: Float32Array.from({ length: 2 * count }, (_, i) => i / 2),
    labels: Int32Array.from({ length: count }, (_, i) => i),
  };
}

const labelsOf = (batch: Batch): number[] => [...batch.labels.dataSync()];
const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('mnistDigits', () => {
  let digits: Dataset;
  beforeAll(async () => {
    digits = await mnistDigits();
  });

  it('is 10,000 pictures of 784 numbers from 0 to 1', () => {
    expect(digits.shape).toEqual([784]);
    expect(digits.labels).toHaveLength(10_000);
    expect(digits.images).toHaveLength(7_840_000);
    expect(digits.images.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('is flat, or the same in rows and columns', async () => {
    const { shape, images } = await mnistDigits({ flat: false });
    expect(shape).toEqual([1, 28, 28]);
    expect(images.every((value, i) => value === digits.images[i])).toBe(true);
  });

  it('has as many of each digit as the package ships (counted with Python)', () => {
    const counts = new Array<number>(10).fill(0);
    for (const label of digits.labels) counts[label]++;
    expect(counts).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
  });

  it('has ink where a 0 has ink and a 1 has none: not in the middle, and in the middle', () => {
    const middle = (digit: number): number => {
      let total = 0;
      let count = 0;
      digits.labels.forEach((label, i) => {
        if (label !== digit) return;
        total += digits.images[i * 784 + 14 * 28 + 14];
        count++;
      });
      return total / count;
    };
    expect(middle(0)).toBeLessThan(0.1);
    expect(middle(1)).toBeGreaterThan(0.7);
  });
});

describe('a file of digits', () => {
  it.each([
    ['is not JSON', '{"data": [0, 1', 'not JSON'],
    ['has no data', '{"pixels": []}', 'expected { "data": [...] }'],
    ['is cut off in a picture', '{"data": [0, 1, 0]}', 'a multiple of 784 numbers'],
    [
      'holds a number above 1',
      JSON.stringify({ data: [...new Array<number>(783).fill(0), 2] }),
      'got 2 at place 783',
    ],
    [
      'holds what is not a number',
      JSON.stringify({ data: [null, ...new Array<number>(783).fill(0)] }),
      'got null at place 0',
    ],
  ])('that %s is a FormatError that names it', (_, text, message) => {
    expect(() => parseDigit(text, '7.json')).toThrow(FormatError);
    expect(() => parseDigit(text, '7.json')).toThrow(message);
    expect(() => parseDigit(text, '7.json')).toThrow('7.json: ');
  });
});

describe('split', () => {
  it('puts each example into exactly one part, with its own label', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }),
        seeds,
        (counts, seed) => {
          const total = counts.reduce((sum, count) => sum + count, 0);
          const parts = split(numbered(total), { counts, seed });
          expect(parts.map(({ labels }) => labels.length)).toEqual(counts);
          expect(sorted(parts.flatMap(({ labels }) => [...labels]))).toEqual(sorted(numbered(total).labels));
          for (const { images, labels } of parts) {
            expect([...images]).toEqual([...labels].flatMap((label) => [label, label + 0.5]));
          }
        },
      ),
    );
  });

  it('gives the same parts for the same seed, and others for another', () => {
    const part = (seed: number): number[] => [...split(numbered(50), { counts: [25, 25], seed })[0].labels];
    expect(part(3)).toEqual(part(3));
    expect(part(3)).not.toEqual(part(4));
    expect(part(0)).toEqual([...split(numbered(50), { counts: [25, 25] })[0].labels]);
  });

  it('takes fractions, to the nearest example, and loses none', () => {
    const sizes = split(numbered(10), { fractions: [1 / 3, 1 / 3, 1 / 3] }).map(
      ({ labels }) => labels.length,
    );
    expect(sizes).toEqual([3, 4, 3]);
  });

  it.each<[string, Parameters<typeof split>[1]]>([
    ['counts 6 + 3 make 9; expected all 10 examples', { counts: [6, 3] }],
    ['expected a whole number of at least 0, got -1', { counts: [11, -1] }],
    ['expected a whole number of at least 0, got 5.5', { counts: [5.5, 4.5] }],
    ['fractions of at least 0 that add up to 1, got 0.5 + 0.4', { fractions: [0.5, 0.4] }],
    ['fractions of at least 0 that add up to 1, got NaN', { fractions: [NaN] }],
    ['split: seed: expected a whole number', { counts: [10], seed: 0.5 }],
    ['either counts or fractions', {} as never],
  ])('says what is wrong: %s', (message, options) => {
    expect(() => split(numbered(10), options)).toThrow(DownhillError);
    expect(() => split(numbered(10), options)).toThrow(message);
  });
});

describe('batches', () => {
  it('show each example once an epoch, with its own label', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 12 }),
        seeds,
        fc.nat(9),
        (count, size, seed, epoch) => {
          const seen: number[] = [];
          for (const batch of batches(numbered(count), { size, seed, epoch })) {
            const labels = labelsOf(batch);
            expect(batch.images.shape).toEqual([labels.length, 2]);
            expect(batch.images.toArray()).toEqual(labels.map((label) => [label, label + 0.5]));
            seen.push(...labels);
          }
          expect(sorted(seen)).toEqual(sorted(numbered(count).labels));
        },
      ),
    );
  });

  it('are float32 and int32, all of one size but the last, which dropLast leaves out', () => {
    const sizes = (dropLast: boolean): number[] =>
      [...batches(numbered(10), { size: 4, dropLast })].map(({ labels }) => labels.size);
    expect(sizes(false)).toEqual([4, 4, 2]);
    expect(sizes(true)).toEqual([4, 4]);
    const [{ images, labels }] = batches(numbered(10), { size: 4 });
    expect([images.dtype, labels.dtype]).toEqual(['float32', 'int32']);
  });

  it('come in another order each epoch and for each seed, and in the same order when asked again', () => {
    const order = (seed: number, epoch: number): number[] =>
      [...batches(numbered(60), { size: 7, seed, epoch })].flatMap(labelsOf);
    expect(order(1, 2)).toEqual(order(1, 2));
    const orders = [order(1, 0), order(1, 1), order(2, 0), order(2, 1)].map(String);
    expect(new Set(orders).size).toBe(4);
    const epoch = batches(numbered(60), { size: 7, seed: 1 });
    expect([...epoch].flatMap(labelsOf)).toEqual([...epoch].flatMap(labelsOf));
  });

  it('keep their order without shuffle', () => {
    expect([...batches(numbered(5), { size: 2, shuffle: false })].map(labelsOf)).toEqual([
      [0, 1],
      [2, 3],
      [4],
    ]);
  });

  it.each<[string, Parameters<typeof batches>[1]]>([
    ['batches: size: expected a whole number of at least 1, got 0', { size: 0 }],
    ['batches: size: expected a whole number of at least 1, got 1.5', { size: 1.5 }],
    ['batches: seed: expected a whole number of at least 0, got -1', { size: 1, seed: -1 }],
    ['batches: epoch: expected a whole number of at least 0, got NaN', { size: 1, epoch: NaN }],
  ])('say at once what is wrong: %s', (message, options) => {
    expect(() => batches(numbered(10), options)).toThrow(message);
  });

  it('refuse a dataset whose images and labels do not fit', () => {
    const wrong = { ...numbered(10), labels: new Int32Array(9) };
    expect(() => batches(wrong, { size: 2 })).toThrow(ShapeError);
    expect(() => split(wrong, { counts: [9] })).toThrow(
      '9 labels want 9 images of shape [2], 18 numbers; got 20',
    );
  });
});

describe('shuffledOrder', () => {
  it('draws all orders alike: chi-square over the 120 orders of five', () => {
    const draws = 24_000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < draws; seed++) {
      const order = shuffledOrder(5, seed).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const expected = draws / 120;
    let chiSquare = 0;
    for (const count of counts.values()) chiSquare += (count - expected) ** 2 / expected;
    expect(counts.size).toBe(120);
    // scipy.stats.chi2.ppf(0.9999, 119) = 185.09 (SciPy 1.10.1)
    expect(chiSquare).toBeLessThan(185.09);
  });

  it('neighbouring epochs are as unlike as strangers: one fixed point on average', () => {
    let fixed = 0;
    for (let epoch = 0; epoch < 2000; epoch++) {
      const [a, b] = [shuffledOrder(50, 1, epoch), shuffledOrder(50, 1, epoch + 1)];
      fixed += a.reduce((sum, value, i) => sum + (value === b[i] ? 1 : 0), 0);
    }
    // The number of fixed points of a random permutation has mean 1 and variance 1: four standard errors.
    expect(Math.abs(fixed / 2000 - 1)).toBeLessThan(4 / Math.sqrt(2000));
  });
});
