import { gradients } from '@downhill/autograd';
import { DataError, DTypeError, ShapeError, tensor, variable } from '@downhill/tensor';
import { crossEntropy, leakyRelu, logSoftmax, meanSquaredError, softmax } from '@downhill/layers';
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

  it('refuses one-hot labels, float labels and counts that differ', () => {
    const logits = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(() => crossEntropy(logits, logits)).toThrow(ShapeError);
    expect(() => crossEntropy(logits, logits)).toThrow('labels are class numbers, not one-hot rows');
    expect(() => crossEntropy(logits, tensor([0, 1]))).toThrow(DTypeError);
    expect(() => crossEntropy(logits, tensor([0], { dtype: 'int32' }))).toThrow('got [2, 2] and [1]');
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
