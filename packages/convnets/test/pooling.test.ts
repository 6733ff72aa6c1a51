import { gradients } from '@downhill/autograd';
import {
  adaptiveAveragePool,
  AdaptiveAveragePool,
  adaptiveMaxPool,
  averagePool2d,
  AveragePool2d,
  globalAveragePool,
  GlobalAveragePool,
  globalMaxPool,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  MaxPool2d,
  maxPool3d,
} from '@downhill/convnets';
import { Sequential } from '@downhill/layers';
import { DownhillError, ones, ShapeError, tensor, zeros, type Tensor } from '@downhill/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const pair = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

/** One channel of an image of small whole numbers, so that there are ties, and windows over it. */
const drawn = pair(1, 4).chain((kernelSize) =>
  fc
    .record({
      kernelSize: fc.constant(kernelSize),
      stride: pair(1, 4),
      padding: fc.tuple(...kernelSize.map((size) => fc.integer({ min: 0, max: Math.floor(size / 2) }))),
      extents: fc.tuple(...kernelSize.map((size) => fc.integer({ min: size, max: size + 5 }))),
    })
    .chain(({ extents: [height, width], ...options }) =>
      fc
        .array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: width, maxLength: width }), {
          minLength: height,
          maxLength: height,
        })
        .map((rows) => ({ rows, options })),
    ),
);

/** What the windows see of the image, by definition: for each the places inside it. */
function windowsInside(
  rows: readonly (readonly number[])[],
  { kernelSize, stride, padding }: { kernelSize: number[]; stride: number[]; padding: number[] },
): [y: number, x: number][][][] {
  const extents = [rows.length, rows[0].length];
  const [height, width] = extents.map(
    (extent, axis) => Math.floor((extent + 2 * padding[axis] - kernelSize[axis]) / stride[axis]) + 1,
  );
  return Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (__, j) => {
      const places: [number, number][] = [];
      for (let a = 0; a < kernelSize[0]; a++)
        for (let b = 0; b < kernelSize[1]; b++) {
          const [y, x] = [i * stride[0] + a - padding[0], j * stride[1] + b - padding[1]];
          if (y >= 0 && y < extents[0] && x >= 0 && x < extents[1]) places.push([y, x]);
        }
      return places;
    }),
  );
}

const image = (rows: readonly (readonly number[])[]): Tensor => tensor([[rows.map((row) => [...row])]]);

describe('maxPool2d', () => {
  it('takes the largest of each window, overlapping or not, and sends the gradient to the first of the largest', () => {
    fc.assert(
      fc.property(drawn, ({ rows, options }) => {
        const x = image(rows);
        const result = maxPool2d(x, options);
        const seen = windowsInside(rows, options);
        const largest = seen.map((line) =>
          line.map((places) => Math.max(...places.map(([y, i]) => rows[y][i]))),
        );
        expect(result.toArray()).toEqual([[largest]]);
        const counts = rows.map((row) => row.map(() => 0));
        seen.forEach((line, i) => {
          line.forEach((places, j) => {
            const [y, column] = places.find(([a, b]) => rows[a][b] === largest[i][j]) ?? [0, 0];
            counts[y][column] += 1;
          });
        });
        expect(gradients(result.sum(), [x])[0].toArray()).toEqual([[counts]]);
      }),
    );
  });

  it('lets NaN through, and takes bytes', () => {
    expect(maxPool2d(tensor([[[[1, NaN]]]]), { kernelSize: [1, 2] }).item()).toBeNaN();
    const bytes = maxPool2d(tensor(new Uint8Array([3, 200]), { shape: [1, 1, 1, 2] }), {
      kernelSize: [1, 2],
    });
    expect([bytes.dtype, bytes.item()]).toEqual(['uint8', 200]);
  });

  it('takes −1 before padding, which is no 0', () => {
    expect(maxPool2d(tensor([[[[-1]]]]), { kernelSize: 3, padding: 1 }).item()).toBe(-1);
  });

  it('leaves out a last window that is not whole, unless told otherwise', () => {
    const x = tensor([[[1, 2, 3, 4, 5]]]);
    expect(maxPool1d(x, { kernelSize: 2 }).toArray()).toEqual([[[2, 4]]]);
    expect(maxPool1d(x, { kernelSize: 2, ceilMode: true }).toArray()).toEqual([[[2, 4, 5]]]);
  });

  it.each([
    [
      'windows that see only padding',
      { kernelSize: 2, padding: 2 },
      'padding [2, 2] is too wide for kernelSize 2',
    ],
    ['dilated ones', { kernelSize: 2, dilation: 9, padding: 8 }, 'nothing but padding'],
    ['a kernel larger than the image', { kernelSize: 5 }, 'does not fit the input of [4, 4]'],
    ['a kernel of no size', { kernelSize: 0 }, 'kernelSize must be a whole number of at least 1'],
    ['a kernel of three sizes', { kernelSize: [1, 2, 3] }, 'the 2 spatial axes, got [1, 2, 3]'],
  ])('refuses %s', (_, options, message) => {
    expect(() => maxPool2d(zeros([1, 1, 4, 4]), options)).toThrow(ShapeError);
    expect(() => maxPool2d(zeros([1, 1, 4, 4]), options)).toThrow('maxPool2d: ');
    expect(() => maxPool2d(zeros([1, 1, 4, 4]), options)).toThrow(message);
  });

  it('refuses images of another rank', () => {
    expect(() => maxPool2d(zeros([1, 4, 4]), { kernelSize: 2 })).toThrow(
      '[N, channels, height, width], got [1, 4, 4]',
    );
    expect(() => maxPool3d(zeros([1, 1, 4, 4]), { kernelSize: 2 })).toThrow(
      '[N, channels, depth, height, width]',
    );
  });
});

describe('averagePool2d', () => {
  it('takes the mean of each window, with the zeros of the padding or without', () => {
    fc.assert(
      fc.property(drawn, fc.boolean(), ({ rows, options }, countPadding) => {
        const x = image(rows);
        const result = averagePool2d(x, { ...options, countPadding });
        const share = (places: unknown[]): number =>
          countPadding ? options.kernelSize[0] * options.kernelSize[1] : places.length;
        const seen = windowsInside(rows, options);
        const found = result.dataSync();
        seen.flat().forEach((places, i) => {
          const total = places.reduce((sum, [y, column]) => sum + rows[y][column], 0);
          expect(found[i]).toBeCloseTo(total / share(places), 5);
        });
        expect(result.shape).toEqual([1, 1, seen.length, seen[0].length]);
        const shares = rows.map((row) => row.map(() => 0));
        for (const places of seen.flat())
          for (const [y, column] of places) shares[y][column] += 1 / share(places);
        const gradient = gradients(result.sum(), [x])[0].dataSync();
        shares.flat().forEach((value, i) => {
          expect(gradient[i]).toBeCloseTo(value, 5);
        });
      }),
    );
  });
});

describe('lpPool2d', () => {
  it('lies between the mean and the largest, and comes near the largest for a high power', () => {
    const x = tensor([[[[1, -7, 2, 3]]]], { dtype: 'float64' });
    const pool = (power: number): number => lpPool2d(x, { kernelSize: [1, 4], power }).item();
    expect(pool(1)).toBe(13);
    expect(pool(2)).toBeCloseTo(Math.sqrt(63), 12);
    expect(pool(64)).toBeCloseTo(7, 9);
  });

  it('has gradient 0 over zeros, where a root has none', () => {
    for (const power of [1, 1.5, 2, 3]) {
      const x = zeros([1, 1, 2, 4]);
      const loss = lpPool2d(x, { kernelSize: 2, power }).sum();
      expect(gradients(loss, [x])[0].toArray()).toEqual(x.toArray());
    }
  });

  it.each([0, 0.5, NaN, Infinity])('refuses the power %s', (power) => {
    expect(() => lpPool2d(zeros([1, 1, 2, 2]), { kernelSize: 2, power })).toThrow(DownhillError);
    expect(() => lpPool2d(zeros([1, 1, 2, 2]), { kernelSize: 2, power })).toThrow(`got ${power}`);
  });
});

describe('adaptive and global pooling', () => {
  it('take everything, whatever the size', () => {
    fc.assert(
      fc.property(pair(1, 9), ([height, width]) => {
        const x = ones([2, 3, height, width]);
        expect(adaptiveAveragePool(x, { outputSize: [2, 3] }).shape).toEqual([2, 3, 2, 3]);
        expect(globalAveragePool(x).toArray()).toEqual(ones([2, 3]).toArray());
        expect(adaptiveAveragePool(x, { outputSize: 1 }).toArray()).toEqual(ones([2, 3, 1, 1]).toArray());
      }),
    );
  });

  it('repeats where the output is larger', () => {
    expect(adaptiveAveragePool(tensor([[[1, 2]]]), { outputSize: 4 }).toArray()).toEqual([[[1, 1, 2, 2]]]);
  });

  it('sends a tie to the first in row-major order', () => {
    const x = tensor([
      [
        [
          [0, 1, 1],
          [1, 1, 0],
          [1, 0, 0],
        ],
      ],
    ]);
    for (const pooled of [adaptiveMaxPool(x, { outputSize: 1 }).sum(), globalMaxPool(x).sum()]) {
      expect(gradients(pooled, [x])[0].toArray()).toEqual([
        [
          [
            [0, 1, 0],
            [0, 0, 0],
            [0, 0, 0],
          ],
        ],
      ]);
    }
  });

  it('refuse what has no places', () => {
    expect(() => globalAveragePool(zeros([2, 3]))).toThrow('[N, channels, ...] with places, got [2, 3]');
    expect(() => globalMaxPool(zeros([2, 3, 0]))).toThrow(ShapeError);
    expect(() => adaptiveMaxPool(zeros([2, 3]), { outputSize: 1 })).toThrow(ShapeError);
    expect(() => adaptiveMaxPool(zeros([2, 3, 4]), { outputSize: 0 })).toThrow(
      'outputSize must be a whole number',
    );
  });
});

describe('modules of pooling', () => {
  it('have no parameters and do what the functions do', () => {
    const x = tensor(
      Float32Array.from({ length: 2 * 36 }, (_, i) => (i * 7) % 11),
      { shape: [2, 1, 6, 6] },
    );
    const model = new Sequential([
      new MaxPool2d({ kernelSize: 3, stride: 1 }),
      new AveragePool2d({ kernelSize: 2, padding: 1, countPadding: false }),
      new AdaptiveAveragePool({ outputSize: 2 }),
      new GlobalAveragePool(),
    ]);
    expect(model.parameters()).toEqual([]);
    const pooled = averagePool2d(maxPool2d(x, { kernelSize: 3, stride: 1 }), {
      kernelSize: 2,
      padding: 1,
      countPadding: false,
    });
    const expected = globalAveragePool(adaptiveAveragePool(pooled, { outputSize: 2 }));
    expect(model.forward(x).toArray()).toEqual(expected.toArray());
  });
});
