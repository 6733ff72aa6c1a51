import {
  compile,
  DTypeError,
  generator,
  iota,
  oneHot,
  ones,
  ShapeError,
  tensor,
  zeros,
} from '@downhill/tensor';
import { crossEntropy } from '@downhill/layers';
import { cutmix, EarlyStopping, mixup } from '@downhill/regularization';
import { describe, expect, it } from 'vitest';

const numbers = (x: { dataSync(): ArrayLike<number> }): number[] => Array.from(x.dataSync());

describe('mixup', () => {
  // Cumulative probabilities of Beta(α, α) at 0.05, 0.2 and 0.35, by SciPy 1.10.1.
  it.each([
    [0.2, [0.291025, 0.392722, 0.450935]],
    [1, [0.05, 0.2, 0.35]],
    [4, [0.000194, 0.033344, 0.199846]],
  ])('draws shares of the distribution Beta(%s, %s)', (alpha, expected) => {
    const source = generator(1);
    const draw = compile(() => mixup(ones([2, 1]), ones([2, 1]), { alpha, generator: source }).share);
    const shares = Array.from({ length: 4000 }, () => draw().item());
    [0.05, 0.2, 0.35].forEach((limit, i) => {
      const part = shares.filter((share) => share < limit).length / shares.length;
      const error = Math.sqrt((expected[i] * (1 - expected[i])) / shares.length);
      expect(Math.abs(part - expected[i])).toBeLessThan(4 * error + 1e-4);
    });
  });

  it('blends inputs and targets alike, each with one partner', () => {
    const inputs = iota(6).cast('float32').reshape([6, 1]);
    const labels = oneHot(iota(6), 6);
    const mixed = mixup(inputs, labels, { alpha: 1, generator: generator(3) });
    const share = mixed.share.item();
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    (mixed.targets.toArray() as number[][]).forEach((row, i) => {
      expect(row.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
      const partner = row.findIndex((value, k) => k !== i && value > 0);
      if (partner >= 0) expect(row[i]).toBeCloseTo(share, 5);
      const blended = share * i + (1 - share) * (partner < 0 ? i : partner);
      expect(numbers(mixed.inputs)[i]).toBeCloseTo(blended, 4);
    });
  });

  it('keeps dtypes, and its targets go into crossEntropy', () => {
    const mixed = mixup(zeros([3, 4]), oneHot(tensor([0, 1, 1], { dtype: 'int32' }), 2));
    expect([mixed.inputs.dtype, mixed.targets.dtype]).toEqual(['float32', 'float32']);
    expect(crossEntropy(zeros([3, 2]), mixed.targets).item()).toBeCloseTo(Math.LN2, 6);
  });

  it('refuses class numbers, counts that differ and an alpha of 0', () => {
    expect(() => mixup(zeros([2, 1]), tensor([0, 1], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => mixup(zeros([2, 1]), tensor([0, 1], { dtype: 'int32' }))).toThrow('oneHot(labels, classes)');
    expect(() => mixup(zeros([2, 1]), zeros([3, 1]))).toThrow(ShapeError);
    expect(() => mixup(zeros([2, 1]), zeros([2, 1]), { alpha: 0 })).toThrow(
      'mixup: expected an alpha above 0',
    );
  });
});

describe('cutmix', () => {
  it('puts a box of the partner into each image, and weighs labels by areas', () => {
    const source = generator(4);
    const [height, width] = [8, 12];
    const images = iota(5).cast('float32').reshape([5, 1, 1, 1]).expand([5, 2, height, width]);
    const run = compile(() => cutmix(images, oneHot(iota(5), 5), { generator: source }));
    let [boxes, total] = [0, 0];
    for (let repeat = 0; repeat < 200; repeat++) {
      const { inputs, targets, share } = run();
      total += share.item();
      const rows = targets.toArray() as number[][];
      (inputs.toArray() as number[][][][]).forEach(([plane, other], i) => {
        expect(other).toEqual(plane);
        const foreign = plane.flatMap((row, y) =>
          row.flatMap((value, x) => (value === i ? [] : [{ x, y, value }])),
        );
        if (foreign.length === 0) return;
        boxes++;
        const [xs, ys] = [foreign.map(({ x }) => x), foreign.map(({ y }) => y)];
        const area = (Math.max(...xs) - Math.min(...xs) + 1) * (Math.max(...ys) - Math.min(...ys) + 1);
        expect(area).toBe(foreign.length); // a box without holes
        expect(new Set(foreign.map(({ value }) => value)).size).toBe(1);
        expect(rows[i][i]).toBeCloseTo(1 - area / (height * width), 5);
        expect(rows[i][foreign[0].value]).toBeCloseTo(area / (height * width), 5);
        expect(share.item()).toBeCloseTo(rows[i][i], 5);
      });
    }
    expect(boxes).toBeGreaterThan(300);
    // λ is even over 0 to 1, and boxes are cut off at the border, so that more than a half is an image's own.
    expect(total / 200).toBeGreaterThan(0.5);
    expect(total / 200).toBeLessThan(0.85);
  });

  it('wants images', () => {
    expect(() => cutmix(zeros([2, 3]), zeros([2, 1]))).toThrow(
      'cutmix: expected images [N, C, H, W], got [2, 3]',
    );
  });
});

describe('EarlyStopping', () => {
  const run = (values: number[], options = {}): boolean[] => {
    const rule = new EarlyStopping({ patience: 2, ...options });
    return values.map((value) => rule.update(value));
  };

  it('stops when as many measurements as its patience brought nothing better', () => {
    expect(run([3, 2, 2.5, 1.9, 2, 1.9])).toEqual([false, false, false, false, false, true]);
  });

  it('knows the best measurement and which it was', () => {
    const rule = new EarlyStopping({ goal: 'largest' });
    for (const value of [0.5, 0.9, 0.8]) rule.update(value);
    expect(rule.best).toEqual({ value: 0.9, measurement: 1 });
  });

  it('takes large for good if told so, and small changes for none', () => {
    expect(run([1, 2, 3], { goal: 'largest' })).toEqual([false, false, false]);
    expect(run([3, 2.95, 2.91], { leastChange: 0.1 })).toEqual([false, false, true]);
  });

  it('stops on NaN that does not end, from the beginning too', () => {
    expect(run([NaN, NaN, NaN])).toEqual([false, true, true]);
    expect(run([1, NaN, NaN])).toEqual([false, false, true]);
  });

  it('refuses a patience of 0', () => {
    expect(() => new EarlyStopping({ patience: 0 })).toThrow(
      'a patience that is a whole number of at least 1',
    );
    expect(() => new EarlyStopping({ leastChange: -1 })).toThrow('a leastChange of at least 0');
  });
});
