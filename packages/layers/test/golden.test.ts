import { readFileSync } from 'node:fs';
import { gradients } from '@downhill/autograd';
import { tensor, variable, type NestedArray, type Tensor, type Variable } from '@downhill/tensor';
import {
  BatchNorm1d,
  BatchNorm2d,
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
  type Module,
} from '@downhill/layers';
import { describe, expect, it } from 'vitest';

type Floating = 'float32' | 'float64';

interface Case {
  readonly inputs: NestedArray[];
  readonly value: NestedArray;
  readonly weights: NestedArray;
  readonly gradients: NestedArray[];
  /** Variables that are not trained, before and after the pass. */
  readonly buffers?: NestedArray[];
  readonly buffersAfter?: NestedArray[];
}

const { cases } = JSON.parse(readFileSync(new URL('golden/layers.json', import.meta.url), 'utf8')) as {
  cases: Record<string, Case>;
};

/** What is differentiated, the value, and the buffers if there are any. */
interface Parts {
  readonly wrt: readonly Variable[];
  readonly value: Tensor;
  readonly buffers?: readonly Variable[];
}

type Ours = (given: Case, dtype: Floating) => Parts;

/** A function of floating tensors, each of which is differentiated. */
function of(apply: (...inputs: Variable[]) => Tensor): Ours {
  return ({ inputs }, dtype) => {
    const wrt = inputs.map((input) => variable(tensor(input, { dtype })));
    return { wrt, value: apply(...wrt) };
  };
}

/** A loss of scores and labels, of which only the scores are differentiated. */
function ofLabels(loss: (scores: Variable, labels: Tensor) => Tensor): Ours {
  return ({ inputs: [input, labels] }, dtype) => {
    const scores = variable(tensor(input, { dtype }));
    return { wrt: [scores], value: loss(scores, tensor(labels, { dtype: 'int32' })) };
  };
}

/** A module, whose parameters and buffers come after x, in its own order. */
function layer(make: (dtype: Floating) => Module, training = false): Ours {
  return ({ inputs: [input, ...weights], buffers: before = [] }, dtype) => {
    const module = make(dtype);
    const x = variable(tensor(input, { dtype }));
    const parameters = module.parameters();
    const buffers = Object.values(module.state()).filter(({ trainable }) => !trainable);
    expect([parameters.length, buffers.length]).toEqual([weights.length, before.length]);
    parameters.forEach((parameter, i) => {
      parameter.assign(tensor(weights[i], { dtype }));
    });
    buffers.forEach((buffer, i) => {
      buffer.assign(tensor(before[i], { dtype }));
    });
    return { wrt: [x, ...parameters], value: module.forward(x, { training }), buffers };
  };
}

const normalizing = { momentum: 0.2, epsilon: 1e-3 };

const ours: Record<string, Ours> = {
  linear: layer((dtype) => new Linear(4, 5, { dtype })),
  ReLU: layer(() => new ReLU()),
  LeakyReLU: layer(() => new LeakyReLU({ slope: 0.1 })),
  Tanh: layer(() => new Tanh()),
  Sigmoid: layer(() => new Sigmoid()),
  Softplus: layer(() => new Softplus()),
  Softmax: layer(() => new Softmax()),
  'softmax of axis 0': of((x) => softmax(x, { axis: 0 })),
  logSoftmax: of((x) => logSoftmax(x)),
  'softmax of large scores': of((x) => softmax(x)),
  'logSoftmax of large scores': of((x) => logSoftmax(x)),
  crossEntropy: ofLabels(crossEntropy),
  'crossEntropy of large scores': ofLabels(crossEntropy),
  meanSquaredError: of(meanSquaredError),
  'BatchNorm1d, training': layer((dtype) => new BatchNorm1d(3, { dtype, ...normalizing }), true),
  'BatchNorm1d, inference': layer((dtype) => new BatchNorm1d(3, { dtype, ...normalizing })),
  'BatchNorm1d of sequences, training': layer((dtype) => new BatchNorm1d(3, { dtype, ...normalizing }), true),
  'BatchNorm2d, training': layer((dtype) => new BatchNorm2d(3, { dtype, ...normalizing }), true),
  'BatchNorm2d, inference': layer((dtype) => new BatchNorm2d(3, { dtype, ...normalizing })),
};

it('every case of the golden file is compared', () => {
  expect(Object.keys(ours)).toEqual(Object.keys(cases));
});

describe.each([
  ['float64', 1e-9],
  ['float32', 1e-4],
] as const)('values and gradients of PyTorch 1.13, in %s to %s', (dtype, tolerance) => {
  it.each(Object.keys(ours))('%s', (name) => {
    const expected = cases[name];
    const { wrt, value, buffers = [] } = ours[name](expected, dtype);
    const total = value.mul(tensor(expected.weights, { dtype })).sum();
    const slopes = gradients(total, wrt);
    expectClose(value, expected.value, tolerance);
    expect(wrt).toHaveLength(expected.gradients.length);
    slopes.forEach((slope, i) => {
      expectClose(slope, expected.gradients[i], tolerance);
    });
    buffers.forEach((buffer, i) => {
      expectClose(buffer.value, expected.buffersAfter?.[i] ?? [], tolerance);
    });
  });
});

/** Equal but for a part of the tensor's scale: an element near 0 is a sum that cancels. */
function expectClose(got: Tensor, expected: NestedArray, tolerance: number): void {
  const reference = tensor(expected, { dtype: 'float64' });
  expect(got.shape).toEqual(reference.shape);
  const values = reference.dataSync();
  const scale = Math.max(...values.map(Math.abs), 1e-30);
  got.dataSync().forEach((value, i) => {
    expect(Math.abs(value - values[i])).toBeLessThanOrEqual(tolerance * scale);
  });
}
