import { gradients } from '@downhill/autograd';
import { DataError, DTypeError, ShapeError, tensor, variable } from '@downhill/tensor';
import {
  binaryCrossEntropy,
  contrastiveLoss,
  crossEntropy,
  huberLoss,
  kullbackLeibler,
  leakyRelu,
  logSoftmax,
  meanAbsoluteError,
  meanSquaredError,
  multiclassHinge,
  softmax,
  tripletLoss,
} from '@downhill/layers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const scores = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 6 });
const float64 = (values: number[] | number[][]): ReturnType<typeof tensor> =>
  tensor(values, { dtype: 'float64' });

describe('softmax', () => {
  it('is positive, adds up to 1, and does not change when all scores are shifted', () => {
    fc.assert(
      fc.property(scores, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (values, shift) => {
        const plain = [...softmax(float64(values)).dataSync()];
        const shifted = softmax(float64(values.map((value) => value + shift))).dataSync();
        expect(plain.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
        plain.forEach((value, i) => {
          expect(value).toBeGreaterThan(0);
          expect(shifted[i]).toBeCloseTo(value, 8);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is by the axis it is given: of two equal rows, each column is a half', () => {
    expect(
      softmax(
        float64([
          [1, 5, -3],
          [1, 5, -3],
        ]),
        { axis: 0 },
      ).toArray(),
    ).toEqual([
      [0.5, 0.5, 0.5],
      [0.5, 0.5, 0.5],
    ]);
  });

  it('logSoftmax is its logarithm, and still exact where softmax is 0', () => {
    expect(logSoftmax(float64([0, 2000])).toArray()).toEqual([-2000, 0]);
    expect(softmax(float64([0, 2000])).toArray()).toEqual([0, 1]);
  });
});

describe('crossEntropy', () => {
  it('of equal scores is the logarithm of the number of classes', () => {
    expect(
      crossEntropy(float64([new Array<number>(10).fill(3)]), tensor([4], { dtype: 'int32' })).item(),
    ).toBeCloseTo(
      2.302585092994046, // ln 10
      12,
    );
  });

  it('has gradient (softmax − one-hot) / N', () => {
    fc.assert(
      fc.property(scores, fc.nat(), (values, pick) => {
        const label = pick % values.length;
        const logits = variable(float64([values, values]));
        const [gradient] = gradients(crossEntropy(logits, tensor([label, label], { dtype: 'int32' })), [
          logits,
        ]);
        const probabilities = softmax(float64(values)).dataSync();
        gradient.dataSync().forEach((value: number, i: number) => {
          const place = i % values.length;
          expect(value).toBeCloseTo((probabilities[place] - (place === label ? 1 : 0)) / 2, 10);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('takes labels of uint8', () => {
    const loss = crossEntropy(float64([[0, 0]]), tensor(new Uint8Array([1])));
    expect(loss.item()).toBeCloseTo(Math.LN2, 12);
  });

  it.each([-1, 3])('label %s of three classes is a DataError, and the next call works', (label) => {
    const logits = float64([[1, 2, 3]]);
    expect(() => crossEntropy(logits, tensor([label], { dtype: 'int32' })).item()).toThrow(DataError);
    expect(crossEntropy(logits, tensor([2], { dtype: 'int32' })).item()).toBeCloseTo(0.4076059644443803, 12); // by NumPy
  });

  it('takes soft labels: a one-hot row is worth what its class number is', () => {
    const logits = float64([
      [1, 2, 3],
      [0, -1, 5],
    ]);
    const hard = crossEntropy(logits, tensor([2, 0], { dtype: 'int32' }), { labelSmoothing: 0.3 }).item();
    const rows = float64([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(crossEntropy(logits, rows, { labelSmoothing: 0.3 }).item()).toBeCloseTo(hard, 12);
  });

  it('takes sequences of labels, as many rows as there are', () => {
    const logits = float64([
      [1, 2],
      [3, 5],
      [0, 0],
      [9, 8],
    ]);
    const labels = tensor([0, 1, 1, 0], { dtype: 'int32' });
    const flat = crossEntropy(logits, labels).item();
    expect(crossEntropy(logits.reshape([2, 2, 2]), labels.reshape([2, 2])).item()).toBeCloseTo(flat, 12);
  });

  it('an ignored row counts for nothing, in the gradient neither', () => {
    const logits = variable(
      float64([
        [1, 2],
        [5, 3],
      ]),
    );
    const loss = crossEntropy(logits, tensor([1, 255], { dtype: 'int32' }), { ignoredLabel: 255 });
    expect(loss.item()).toBeCloseTo(Math.log(1 + Math.exp(-1)), 12);
    expect((gradients(loss, [logits])[0].toArray() as number[][])[1]).toEqual([0, 0]);
    expect(() => crossEntropy(logits, tensor([1, 255], { dtype: 'int32' })).item()).toThrow(DataError);
  });

  it('refuses integer one-hot labels, float labels and counts that differ', () => {
    const logits = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(() => crossEntropy(logits, logits.cast('int32'))).toThrow(ShapeError);
    expect(() => crossEntropy(logits, logits.cast('int32'))).toThrow(
      'labels are class numbers, not one-hot rows',
    );
    expect(() => crossEntropy(logits, tensor([0, 1]))).toThrow(DTypeError);
    expect(() => crossEntropy(logits, tensor([0], { dtype: 'int32' }))).toThrow('got [2, 2] and [1]');
  });

  it('refuses options that do not fit', () => {
    const logits = tensor([[1, 2]]);
    const labels = tensor([0], { dtype: 'int32' });
    expect(() => crossEntropy(logits, labels, { labelSmoothing: 1.1 })).toThrow('from 0 to 1, got 1.1');
    expect(() => crossEntropy(logits, labels, { classWeights: tensor([1]) })).toThrow(
      'expected classWeights [2], one for each class, got [1]',
    );
    expect(() => crossEntropy(logits, logits, { ignoredLabel: 0 })).toThrow(
      'ignoredLabel is for class numbers',
    );
    // @ts-expect-error not one of the three
    expect(() => crossEntropy(logits, labels, { reduction: 'average' })).toThrow('got average');
  });
});

describe('multiclassHinge', () => {
  it('is the loss of the lecture: for scores 3.2, 5.1, −1.7 of which the first is right, 2.9', () => {
    // Stanford's CS231n, lecture 3: max(0, 5.1 − 3.2 + 1) + max(0, −1.7 − 3.2 + 1).
    expect(multiclassHinge(float64([[3.2, 5.1, -1.7]]), tensor([0], { dtype: 'int32' })).item()).toBeCloseTo(
      2.9,
      12,
    );
  });

  it('refuses a negative margin and soft labels', () => {
    const scores = tensor([[1, 2]]);
    expect(() => multiclassHinge(scores, tensor([0], { dtype: 'int32' }), { margin: -1 })).toThrow(
      'expected a margin of at least 0',
    );
    expect(() => multiclassHinge(scores, scores)).toThrow(ShapeError);
  });
});

describe('binaryCrossEntropy', () => {
  it('neither over- nor underflows: a score of 1000 costs 1000 where it is wrong, nothing where it is right', () => {
    const scores = tensor([1000, 1000, -1000, -1000]);
    const losses = binaryCrossEntropy(scores, tensor([0, 1, 0, 1]), { reduction: 'none' });
    expect(losses.toArray()).toEqual([1000, 0, 0, 1000]);
  });
});

describe('kullbackLeibler', () => {
  it('is 0 for equal distributions and positive otherwise; 0 · log 0 is 0', () => {
    const p = float64([[0, 0.25, 0.75]]);
    expect(kullbackLeibler(float64([[-5, Math.log(0.25), Math.log(0.75)]]), p).item()).toBeCloseTo(0, 12);
    const targets = variable(p);
    const [slope] = gradients(kullbackLeibler(float64([[-5, -1, -2]]), targets), [targets]);
    // log p + 1 − log q; at p = 0 that is −∞, and no direction: 0.
    expect(slope.toArray()).toEqual([[0, Math.log(0.25) + 2, Math.log(0.75) + 3]]);
    fc.assert(
      fc.property(scores, (values) => {
        const q = logSoftmax(float64([values]));
        const uniform = float64([values.map(() => 1 / values.length)]);
        expect(kullbackLeibler(q, uniform).item()).toBeGreaterThanOrEqual(-1e-12);
      }),
      { numRuns: 20 },
    );
  });
});

describe('losses of distances', () => {
  const [a, b] = [float64([[0, 0]]), float64([[3, 4]])];

  it('contrastive: half the squared distance 5 of a pair, half the squared shortfall of strangers', () => {
    expect(contrastiveLoss(a, b, tensor([1])).item()).toBe(12.5);
    expect(contrastiveLoss(a, b, tensor([false]), { margin: 7 }).item()).toBe(2);
    expect(contrastiveLoss(a, b, tensor([0]), { margin: 2 }).item()).toBe(0);
  });

  it('triplet: how much nearer the negative is than margin allows', () => {
    expect(tripletLoss(a, b, a, { margin: 2 }).item()).toBe(7);
    expect(tripletLoss(a, a, b, { margin: 2 }).item()).toBe(0);
  });

  it('have a gradient of 0, not NaN, where two points are one', () => {
    const x = variable(a);
    expect(gradients(contrastiveLoss(x, a, tensor([0])), [x])[0].toArray()).toEqual([[0, 0]]);
    expect(gradients(tripletLoss(x, a, a), [x])[0].toArray()).toEqual([[0, 0]]);
  });

  it('refuse shapes and margins that do not fit', () => {
    expect(() => contrastiveLoss(a, b, tensor([1, 0]))).toThrow("one value of 'same' for each pair, [1]");
    expect(() => tripletLoss(a, b, float64([[1]]))).toThrow(ShapeError);
    expect(() => tripletLoss(a, b, b, { margin: 0 })).toThrow('expected a margin above 0, got 0');
  });
});

describe('every loss of predictions and targets', () => {
  it.each([
    ['meanSquaredError', meanSquaredError],
    ['meanAbsoluteError', meanAbsoluteError],
    ['huberLoss', huberLoss],
    ['binaryCrossEntropy', binaryCrossEntropy],
    ['kullbackLeibler', kullbackLeibler],
  ] as const)('%s is a mean, a sum or each, and broadcasts nothing', (name, loss) => {
    const [x, t] = [
      float64([
        [0.1, -0.5],
        [2, 1],
      ]),
      float64([
        [0.5, 0.5],
        [0.2, 0.8],
      ]),
    ];
    const each = [...loss(x, t, { reduction: 'none' }).dataSync()];
    const total = each.reduce((sum, value) => sum + value, 0);
    expect(loss(x, t, { reduction: 'sum' }).item()).toBeCloseTo(total, 12);
    expect(loss(x, t).item()).toBeCloseTo(total / each.length, 12);
    expect(() => loss(x, float64([1, 2]))).toThrow(ShapeError);
    expect(() => loss(x, float64([1, 2]))).toThrow(`${name}: predictions of [2, 2] and targets of [2]`);
  });

  it('huberLoss refuses a threshold of 0', () => {
    expect(() => huberLoss(tensor(1), tensor(2), { threshold: 0 })).toThrow('expected a threshold above 0');
  });
});

describe('meanSquaredError', () => {
  it('is the mean over all elements: (1 + 9 + 0 + 4) / 4', () => {
    expect(
      meanSquaredError(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([
          [2, 5],
          [3, 2],
        ]),
      ).item(),
    ).toBe(3.5);
  });

  it('broadcasts nothing', () => {
    expect(() => meanSquaredError(tensor([[1], [2]]), tensor([1, 2]))).toThrow(ShapeError);
    expect(() => meanSquaredError(tensor([[1], [2]]), tensor([1, 2]))).toThrow('[2, 1] and targets of [2]');
  });
});

describe('leakyRelu', () => {
  it('keeps what is above 0, scales what is below, and lets NaN through', () => {
    expect(leakyRelu(float64([-100, 0, 2.5])).toArray()).toEqual([-1, 0, 2.5]);
    expect(leakyRelu(float64([NaN])).item()).toBeNaN();
    expect(() => leakyRelu(1, { slope: NaN })).toThrow('expected a finite slope');
  });
});
