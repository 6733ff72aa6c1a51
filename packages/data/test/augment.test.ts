import { readFileSync } from 'node:fs';
import { DownhillError, ShapeError } from '@downhill/tensor';
import {
  augment,
  batches,
  crop,
  cutout,
  flip,
  rotate,
  scale,
  shift,
  type Augmentation,
  type Dataset,
} from '@downhill/data';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// Made by make.py: SciPy 1.10.1, affine_transform of order 1 with 0.5 outside.
const golden = JSON.parse(readFileSync(new URL('./golden/data.json', import.meta.url), 'utf8')) as {
  picture: number[];
  rotated: { degrees: number; pixels: number[] }[];
  scaled: { factor: number; pixels: number[] }[];
};
const picture = { shape: [5, 7], pixels: Float32Array.from(golden.picture) };
/** [[1, 2, 3], [4, 5, 6]] in one channel, its negative in another. */
const small = { shape: [2, 2, 3], pixels: Float32Array.of(1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6) };
/** Numbers said in advance. */
const says =
  (...numbers: number[]) =>
  () =>
    numbers.shift() ?? 0;

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i] - value)).toBeLessThan(1e-6);
  });
}

describe('one picture', () => {
  it('is shifted by what was drawn, and filled', () => {
    // 0.99 of -1, 0, 1 is 1 down; 0 is -1, to the left.
    expect([...shift({ pixels: 1, fill: 9 })(small, says(0.99, 0)).pixels]).toEqual([
      9, 9, 9, 2, 3, 9, 9, 9, 9, -2, -3, 9,
    ]);
  });

  it('is flipped below the probability only', () => {
    expect([...flip()(small, says(0.49)).pixels]).toEqual([3, 2, 1, 6, 5, 4, -3, -2, -1, -6, -5, -4]);
    expect(flip()(small, says(0.5)).pixels).toEqual(small.pixels);
    expect([...flip({ direction: 'vertical' })(small, says(0)).pixels.subarray(0, 6)]).toEqual([
      4, 5, 6, 1, 2, 3,
    ]);
  });

  it('is cropped, with padding or without', () => {
    const inner = crop({ height: 1, width: 2 })(small, says(0.5, 0.5));
    expect(inner.shape).toEqual([2, 1, 2]);
    expect([...inner.pixels]).toEqual([5, 6, -5, -6]);
    const corner = crop({ height: 2, width: 2, padding: 1, fill: 7 })(small, says(0, 0));
    expect([...corner.pixels]).toEqual([7, 7, 7, 1, 7, 7, 7, -1]);
  });

  it('is rotated as SciPy rotates', () => {
    for (const { degrees, pixels } of golden.rotated) {
      expectClose(rotate({ degrees: 180, fill: 0.5 })(picture, says((degrees / 180 + 1) / 2)).pixels, pixels);
    }
  });

  it('is scaled as SciPy scales', () => {
    for (const { factor, pixels } of golden.scaled) {
      expectClose(scale({ from: factor, to: factor, fill: 0.5 })(picture, says(0.3)).pixels, pixels);
    }
  });

  it('loses a square, cut off at the edge', () => {
    expect([...cutout({ size: 2 })(small, says(0, 0.99)).pixels]).toEqual([
      1, 0, 0, 4, 5, 6, -1, 0, 0, -4, -5, -6,
    ]);
  });
});

const digits: Dataset = {
  shape: [1, 4, 4],
  images: Float32Array.from({ length: 160 }, (_, i) => i),
  labels: Int32Array.from({ length: 10 }, (_, i) => i),
};

describe('augment', () => {
  const all = [
    shift({ pixels: 2 }),
    flip(),
    rotate({ degrees: 20 }),
    scale({ from: 0.8, to: 1.2 }),
    cutout({ size: 2 }),
  ];

  it('depends on seed, epoch and place alone, and leaves the dataset as it was', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(100), (seed, epoch) => {
        const before = digits.images.slice();
        const once = augment(digits, all, { seed, epoch });
        expect(augment(digits, all, { seed, epoch })).toEqual(once);
        expect(augment(digits, all, { seed, epoch: epoch + 1 }).images).not.toEqual(once.images);
        expect(augment(digits, all, { seed: seed + 1, epoch }).images).not.toEqual(once.images);
        const half = {
          ...digits,
          images: digits.images.subarray(0, 80),
          labels: digits.labels.subarray(0, 5),
        };
        expect(augment(half, all, { seed, epoch }).images).toEqual(once.images.subarray(0, 80));
        expect(once.labels).toEqual(digits.labels);
        expect(digits.images).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });

  it('shifts by each distance alike', () => {
    const count = 9000;
    const image = new Float32Array(25);
    image[12] = 1;
    const images = new Float32Array(25 * count);
    for (let i = 0; i < count; i++) images.set(image, 25 * i);
    const shifted = augment({ shape: [5, 5], images, labels: new Int32Array(count) }, [shift({ pixels: 1 })]);
    const found = new Array<number>(25).fill(0);
    shifted.images.forEach((value, i) => (found[i % 25] += value));
    // 9 places, 1000 each, with a standard deviation of 30.
    for (const [place, times] of found.entries()) {
      const near = [6, 7, 8, 11, 12, 13, 16, 17, 18].includes(place);
      expect(Math.abs(times - (near ? 1000 : 0))).toBeLessThan(near ? 150 : 1);
    }
  });

  it('changes the shape of all, even of none', () => {
    expect(augment(digits, [crop({ height: 2, width: 3 })]).shape).toEqual([1, 2, 3]);
    const none = { ...digits, images: new Float32Array(0), labels: new Int32Array(0) };
    expect(augment(none, [crop({ height: 2, width: 3 })])).toEqual({ ...none, shape: [1, 2, 3] });
  });

  it('does to a part what it does to the whole, told where its images stand', () => {
    const whole = augment(digits, all, { seed: 3 });
    const last = { ...digits, images: digits.images.subarray(144), labels: digits.labels.subarray(9) };
    expect(augment(last, all, { seed: 3, places: [9] }).images).toEqual(whole.images.subarray(144));
    expect(augment(last, all, { seed: 3 }).images).not.toEqual(whole.images.subarray(144));
  });

  it('says what is wrong', () => {
    expect(() => augment(digits, all, { places: [1] })).toThrow('10 images want as many places, got 1');
    expect(() => augment({ ...digits, shape: [16] }, [flip()])).toThrow('for flat ones say what they are');
    expect(() => augment(digits, [crop({ height: 5, width: 4 })])).toThrow('cannot cut 5 × 4 out of 4 × 4');
    const uneven: Augmentation = ({ pixels }) => ({ shape: [1 + Math.sign(pixels[0])], pixels });
    expect(() => augment(digits, [uneven])).toThrow(ShapeError);
    expect(() => shift({ pixels: 0.5 })).toThrow(DownhillError);
    expect(() => flip({ probability: 2 })).toThrow('from 0 to 1, got 2');
    expect(() => rotate({ degrees: NaN })).toThrow('from 0 to 180, got NaN');
    expect(() => scale({ from: 0, to: 1 })).toThrow('0 < from <= to');
    expect(() => cutout({ size: 0 })).toThrow('cutout: size');
  });
});

describe('batches with augmentations', () => {
  const all = [shift({ pixels: 1 }), rotate({ degrees: 30 }), crop({ height: 2, width: 3 })];

  it('are batches of the augmented dataset, whatever their size', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          epoch: fc.nat(100),
          size: fc.integer({ min: 1, max: 12 }),
          shuffle: fc.boolean(),
        }),
        (options) => {
          const expected = batches(augment(digits, all, options), options);
          const actual = batches(digits, { ...options, augmentations: all });
          const numbers = (epoch: typeof actual): unknown[] =>
            [...epoch].map(({ images, labels }) => [images.shape, images.dataSync(), labels.dataSync()]);
          expect(numbers(actual)).toEqual(numbers(expected));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('give each epoch other pictures, and the same again when it is taken up again', () => {
    const pixels = (epoch: number): Float32Array[] =>
      [...batches(digits, { size: 4, seed: 1, epoch, shuffle: false, augmentations: all })].map(
        ({ images }) => images.dataSync() as Float32Array,
      );
    expect(pixels(7)).toEqual(pixels(7));
    expect(pixels(8)).not.toEqual(pixels(7));
  });

  it('leave the dataset as it was', () => {
    const before = digits.images.slice();
    for (const batch of batches(digits, { size: 4, augmentations: all }))
      expect(batch.labels.size).toBeLessThan(5);
    expect(digits.images).toEqual(before);
  });
});
