import {
  localResponseNormalization,
  LocalResponseNormalization,
  pixelShuffle,
  PixelShuffle,
  pixelUnshuffle,
  upsample,
  Upsample,
} from '@downhill/convnets';
import { DownhillError, ShapeError, tensor, zeros } from '@downhill/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('localResponseNormalization', () => {
  it('divides by the strength of the neighbouring channels, with the constants of AlexNet by default', () => {
    const x = tensor([[30, 40, 50, 60]], { dtype: 'float64' });
    const squares = [
      [900, 1600, 2500],
      [900, 1600, 2500, 3600],
      [900, 1600, 2500, 3600],
      [1600, 2500, 3600],
    ];
    // b = a / (2 + 10⁻⁴ Σ a²)^0.75 over two channels on each side: section 3.3 of the paper.
    const expected = [30, 40, 50, 60].map(
      (a, i) => a / (2 + 1e-4 * squares[i].reduce((sum, square) => sum + square)) ** 0.75,
    );
    const found = localResponseNormalization(x).dataSync();
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 12);
    });
    expect(new LocalResponseNormalization().forward(x).dataSync()).toEqual(found);
  });

  it.each([{ size: 0 }, { size: 2.5 }, { alpha: -1 }, { beta: NaN }, { k: Infinity }])(
    'refuses %o',
    (options) => {
      expect(() => localResponseNormalization(zeros([1, 2, 3]), options)).toThrow(DownhillError);
    },
  );

  it('refuses what has no channels', () => {
    expect(() => localResponseNormalization(zeros([3]))).toThrow('expected x [N, channels, ...], got [3]');
  });
});

describe('upsample', () => {
  it('repeats elements, or goes straight from one to the next', () => {
    const x = tensor([[[0, 4, 0]]]);
    expect(upsample(x, { scale: 2 }).toArray()).toEqual([[[0, 0, 4, 4, 0, 0]]]);
    expect(upsample(x, { scale: 2, mode: 'linear' }).toArray()).toEqual([[[0, 1, 3, 3, 1, 0]]]);
  });

  it('keeps straight lines straight between the outermost middles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 4 }), (extent, scale) => {
        const x = tensor([[Array.from({ length: extent }, (_, i) => i + 0.5)]], { dtype: 'float64' });
        const found = new Upsample({ scale, mode: 'linear' }).forward(x).dataSync();
        found.forEach((value: number, i: number) => {
          const straight = (i + 0.5) / scale;
          expect(value).toBeCloseTo(Math.min(extent - 0.5, Math.max(0.5, straight)), 12);
        });
        expect(found).toHaveLength(extent * scale);
      }),
    );
  });

  it('refuses scales and modes that are none', () => {
    expect(() => upsample(zeros([1, 1, 2]), { scale: 0.5 })).toThrow(ShapeError);
    expect(() => upsample(zeros([1, 2]), { scale: 2 })).toThrow('with places, got [1, 2]');
    // @ts-expect-error there is no such mode
    expect(() => upsample(zeros([1, 1, 2]), { scale: 2, mode: 'cubic' })).toThrow("got 'cubic'");
  });
});

describe('pixelShuffle', () => {
  it('turns channels into places, and back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        (factor, height, width) => {
          const shape = [2, 2 * factor ** 2, height, width];
          const size = shape.reduce((a, b) => a * b);
          const x = tensor(
            Float32Array.from({ length: size }, (_, i) => i),
            { shape },
          );
          const image = new PixelShuffle(factor).forward(x);
          expect(image.shape).toEqual([2, 2, height * factor, width * factor]);
          expect(pixelUnshuffle(image, factor).toArray()).toEqual(x.toArray());
        },
      ),
    );
  });

  it('refuses what does not divide', () => {
    expect(() => pixelShuffle(zeros([1, 6, 2, 2]), 2)).toThrow(
      '6 channels of [1, 6, 2, 2] are no multiple of 4',
    );
    expect(() => pixelUnshuffle(zeros([1, 1, 3, 4]), 2)).toThrow('must be multiples of factor 2');
    expect(() => pixelShuffle(zeros([1, 4, 2, 2]), 0)).toThrow(ShapeError);
    expect(() => new PixelShuffle(1.5)).toThrow(ShapeError);
  });
});
