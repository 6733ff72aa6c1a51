import { readFileSync } from 'node:fs';
import { gradients } from '@downhill/autograd';
import { tensor, variable, type NestedArray, type Tensor, type Variable } from '@downhill/tensor';
import {
  crossEntropy,
  LeakyReLU,
  Linear,
  logSoftmax,
  meanSquaredError,
  ReLU,
  Sigmoid,
  softmax,
  Softmax,
  Softplus,
  Tanh,
} from '@downhill/layers';
import { describe, expect, it } from 'vitest';

interface Case {
  readonly inputs: NestedArray[];
  readonly value: NestedArray;
  readonly weights: NestedArray;
  readonly gradients: NestedArray[];
}

const { cases } = JSON.parse(readFileSync(new URL('golden/layers.json', import.meta.url), 'utf8')) as {
  cases: Record<string, Case>;
};

const float64 = (values: NestedArray): Tensor => tensor(values, { dtype: 'float64' });

/** What is differentiated, and the value. */
type Parts = [wrt: Variable[], value: Tensor];

function one(apply: (x: Variable) => Tensor): (inputs: NestedArray[]) => Parts {
  return ([input]) => {
    const x = variable(float64(input));
    return [[x], apply(x)];
  };
}

function loss([scores, labels]: NestedArray[]): Parts {
  const logits = variable(float64(scores));
  return [[logits], crossEntropy(logits, tensor(labels, { dtype: 'int32' }))];
}

const ours: Record<string, (inputs: NestedArray[]) => Parts> = {
  linear: ([input, weight, bias]) => {
    const layer = new Linear(4, 5, { dtype: 'float64' });
    const x = variable(float64(input));
    layer.weight.assign(float64(weight));
    layer.bias?.assign(float64(bias));
    return [[x, ...layer.parameters()], layer.forward(x)];
  },
  ReLU: one((x) => new ReLU().forward(x)),
  LeakyReLU: one((x) => new LeakyReLU({ slope: 0.1 }).forward(x)),
  Tanh: one((x) => new Tanh().forward(x)),
  Sigmoid: one((x) => new Sigmoid().forward(x)),
  Softplus: one((x) => new Softplus().forward(x)),
  Softmax: one((x) => new Softmax().forward(x)),
  'softmax of axis 0': one((x) => softmax(x, { axis: 0 })),
  logSoftmax: one((x) => logSoftmax(x)),
  'softmax of large scores': one((x) => softmax(x)),
  'logSoftmax of large scores': one((x) => logSoftmax(x)),
  crossEntropy: loss,
  'crossEntropy of large scores': loss,
  meanSquaredError: ([predictions, targets]) => {
    const both = [variable(float64(predictions)), variable(float64(targets))];
    return [both, meanSquaredError(both[0], both[1])];
  },
};

describe('values and gradients of PyTorch 1.13, in float64', () => {
  it('covers every case of the golden file', () => {
    expect(Object.keys(ours)).toEqual(Object.keys(cases));
  });

  it.each(Object.keys(ours))('%s', (name) => {
    const { inputs, value, weights, gradients: expected } = cases[name];
    const [wrt, result] = ours[name](inputs);
    expectClose(result.toArray(), value);
    gradients(result.mul(float64(weights)).sum(), wrt).forEach((gradient, i) => {
      expectClose(gradient.toArray(), expected[i]);
    });
    expect(wrt).toHaveLength(expected.length);
  });
});

function expectClose(got: NestedArray, expected: NestedArray): void {
  const [a, b] = [float64(got), float64(expected)];
  expect(a.shape).toEqual(b.shape);
  const reference = b.dataSync();
  a.dataSync().forEach((value, i) => {
    expect(Math.abs(value - reference[i])).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(reference[i])));
  });
}
