import { readFileSync } from 'node:fs';
import { gradients } from '@downhill/autograd';
import {
  concat,
  reshape,
  tensor,
  variable,
  type NestedArray,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import {
  BatchNorm1d,
  BatchNorm2d,
  Bilinear,
  binaryCrossEntropy,
  contrastiveLoss,
  crossEntropy,
  ELU,
  Embedding,
  GELU,
  GroupNorm,
  GRU,
  huberLoss,
  InstanceNorm,
  kullbackLeibler,
  LayerNorm,
  LeakyReLU,
  Linear,
  logSoftmax,
  LogSoftmax,
  LSTM,
  Maxout,
  meanAbsoluteError,
  meanSquaredError,
  multiclassHinge,
  PReLU,
  ReLU,
  SELU,
  Sigmoid,
  SiLU,
  softmax,
  Softmax,
  Softplus,
  Tanh,
  tripletLoss,
  type Module,
  type Recurrent,
  type RecurrentState,
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

const { cases, edges } = JSON.parse(readFileSync(new URL('golden/layers.json', import.meta.url), 'utf8')) as {
  cases: Record<string, Case>;
  edges: Record<string, { readonly x: number[]; readonly value: number[]; readonly gradient: number[] }>;
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
function ofLabels(loss: (scores: Variable, labels: Tensor, dtype: Floating) => Tensor): Ours {
  return ({ inputs: [input, labels] }, dtype) => {
    const scores = variable(tensor(input, { dtype }));
    return { wrt: [scores], value: loss(scores, tensor(labels, { dtype: 'int32' }), dtype) };
  };
}

/** A loss of scores and probabilities, both of which are differentiated. */
function softLabels(loss: (scores: Variable, targets: Variable, dtype: Floating) => Tensor): Ours {
  return (given, dtype) => of((scores, targets) => loss(scores, targets, dtype))(given, dtype);
}

/** Gives a module the golden file's weights, in its own order. */
function setUp(module: Module<never>, weights: readonly NestedArray[], dtype: Floating): Variable[] {
  const parameters = module.parameters();
  expect(parameters).toHaveLength(weights.length);
  parameters.forEach((parameter, i) => {
    parameter.assign(tensor(weights[i], { dtype }));
  });
  return parameters;
}

/** A module, whose parameters come after x. */
function layer(make: (dtype: Floating) => Module, training = false): Ours {
  return ({ inputs: [input, ...weights], buffers: before = [] }, dtype) => {
    const module = make(dtype);
    const x = variable(tensor(input, { dtype }));
    const parameters = setUp(module, weights, dtype);
    const buffers = Object.values(module.state()).filter(({ trainable }) => !trainable);
    expect(buffers).toHaveLength(before.length);
    buffers.forEach((buffer, i) => {
      buffer.assign(tensor(before[i], { dtype }));
    });
    return { wrt: [x, ...parameters], value: module.forward(x, { training }), buffers };
  };
}

/** A recurrent layer from a state on: its outputs and the state at the end, in one vector. */
function recurrent<State extends RecurrentState>(
  make: (dtype: Floating) => Recurrent<State>,
  parts: readonly (keyof State)[],
): Ours {
  return ({ inputs: [input, ...rest] }, dtype) => {
    const module = make(dtype);
    const x = variable(tensor(input, { dtype }));
    const start = rest.slice(0, parts.length).map((each) => variable(tensor(each, { dtype })));
    const parameters = setUp(module, rest.slice(parts.length), dtype);
    const given = Object.fromEntries(parts.map((part, i) => [part, start[i]])) as unknown as State;
    const { output, state } = module.run(x, given);
    const ends = parts.map((part) => reshape(state[part] as Tensor, [-1]));
    return { wrt: [x, ...start, ...parameters], value: concat([reshape(output, [-1]), ...ends]) };
  };
}

const rising = (dtype: Floating): Tensor => tensor([1, 2, 3, 4, 5, 6, 7], { dtype });
const everything = { labelSmoothing: 0.2, ignoredLabel: 3 };
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
  crossEntropy: ofLabels((scores, labels) => crossEntropy(scores, labels)),
  'crossEntropy of large scores': ofLabels((scores, labels) => crossEntropy(scores, labels)),
  meanSquaredError: of((a, b) => meanSquaredError(a, b)),
  'BatchNorm1d, training': layer((dtype) => new BatchNorm1d(3, { dtype, ...normalizing }), true),
  'BatchNorm1d, inference': layer((dtype) => new BatchNorm1d(3, { dtype, ...normalizing })),
  'BatchNorm1d of sequences, training': layer((dtype) => new BatchNorm1d(3, { dtype, ...normalizing }), true),
  'BatchNorm2d, training': layer((dtype) => new BatchNorm2d(3, { dtype, ...normalizing }), true),
  'BatchNorm2d, inference': layer((dtype) => new BatchNorm2d(3, { dtype, ...normalizing })),
  LayerNorm: layer((dtype) => new LayerNorm([3, 4], { dtype })),
  GroupNorm: layer((dtype) => new GroupNorm(2, 4, { dtype })),
  InstanceNorm: layer((dtype) => new InstanceNorm(3, { dtype })),
  'InstanceNorm, affine': layer((dtype) => new InstanceNorm(3, { dtype, affine: true })),
  Bilinear: ({ inputs: [a, b, ...weights] }, dtype) => {
    const module = new Bilinear(3, 5, 2, { dtype });
    const [left, right] = [a, b].map((each) => variable(tensor(each, { dtype })));
    return {
      wrt: [left, right, ...setUp(module, weights, dtype)],
      value: module.forward([left, right]),
    };
  },
  Embedding: ({ inputs: weights }, dtype) => {
    const module = new Embedding(5, 3, { dtype });
    const wrt = setUp(module, weights, dtype);
    const words = [
      [2, 0, 2],
      [1, 2, 4],
    ];
    return { wrt, value: module.forward(tensor(words, { dtype: 'int32' })) };
  },
  LSTM: recurrent((dtype) => new LSTM(3, 4, { dtype }), ['hidden', 'cell']),
  GRU: recurrent((dtype) => new GRU(3, 4, { dtype }), ['hidden']),
  ELU: layer(() => new ELU({ alpha: 1.5 })),
  SELU: layer(() => new SELU()),
  GELU: layer(() => new GELU()),
  'GELU by tanh': layer(() => new GELU({ approximation: 'tanh' })),
  SiLU: layer(() => new SiLU()),
  LogSoftmax: layer(() => new LogSoftmax({ axis: 0 })),
  PReLU: layer((dtype) => new PReLU({ dtype })),
  'PReLU of channels': layer((dtype) => new PReLU({ channels: 3, dtype })),
  Maxout: layer(() => new Maxout({ pieces: 3, axis: 1 })),
  'crossEntropy, soft labels': softLabels((scores, targets) => crossEntropy(scores, targets)),
  'crossEntropy, soft labels, smoothed and weighted': softLabels((scores, targets, dtype) =>
    crossEntropy(scores, targets, { labelSmoothing: 0.1, classWeights: rising(dtype) }),
  ),
  'crossEntropy, smoothed': ofLabels((scores, labels) =>
    crossEntropy(scores, labels, { labelSmoothing: 0.1 }),
  ),
  'crossEntropy, weighted': ofLabels((scores, labels, dtype) =>
    crossEntropy(scores, labels, { classWeights: rising(dtype) }),
  ),
  'crossEntropy, ignoring': ofLabels((scores, labels) => crossEntropy(scores, labels, { ignoredLabel: -1 })),
  'crossEntropy, everything': ofLabels((scores, labels, dtype) =>
    crossEntropy(scores, labels, { ...everything, classWeights: rising(dtype) }),
  ),
  'crossEntropy, everything, sum': ofLabels((scores, labels, dtype) =>
    crossEntropy(scores, labels, { ...everything, classWeights: rising(dtype), reduction: 'sum' }),
  ),
  'crossEntropy, everything, each': ofLabels((scores, labels, dtype) =>
    crossEntropy(scores, labels, { ...everything, classWeights: rising(dtype), reduction: 'none' }),
  ),
  binaryCrossEntropy: of((scores, targets) => binaryCrossEntropy(scores, targets)),
  'binaryCrossEntropy, weighted': of((scores, targets) =>
    binaryCrossEntropy(scores, targets, { positiveWeight: tensor([1, 2, 3]) }),
  ),
  multiclassHinge: ofLabels((scores, labels) => multiclassHinge(scores, labels, { margin: 1.5 })),
  'multiclassHinge, squared': ofLabels((scores, labels) =>
    multiclassHinge(scores, labels, { margin: 1.5, squared: true }),
  ),
  meanAbsoluteError: of((a, b) => meanAbsoluteError(a, b)),
  huberLoss: of((a, b) => huberLoss(a, b, { threshold: 0.7 })),
  'huberLoss, each': of((a, b) => huberLoss(a, b, { reduction: 'none' })),
  kullbackLeibler: of((q, p) => kullbackLeibler(q, p)),
  contrastiveLoss: of((a, b) => contrastiveLoss(a, b, tensor([1, 0, 0, 1, 0]), { margin: 2 })),
  tripletLoss: of((a, p, n) => tripletLoss(a, p, n, { margin: 1.5 })),
};

const activations: Record<string, Module> = {
  ReLU: new ReLU(),
  LeakyReLU: new LeakyReLU({ slope: 0.1 }),
  Tanh: new Tanh(),
  Sigmoid: new Sigmoid(),
  Softplus: new Softplus(),
  ELU: new ELU({ alpha: 1.5 }),
  SELU: new SELU(),
  GELU: new GELU(),
  'GELU by tanh': new GELU({ approximation: 'tanh' }),
  SiLU: new SiLU(),
};

it('every case of the golden file is compared', () => {
  expect(Object.keys(ours)).toEqual(Object.keys(cases));
  expect(Object.keys(activations)).toEqual(Object.keys(edges));
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

describe.each([
  ['float64', 1e-9],
  ['float32', 1e-5],
] as const)('values and derivatives at the edges, by PyTorch 1.13, in %s', (dtype, tolerance) => {
  it.each(Object.keys(activations))('%s', (name) => {
    const expected = edges[name];
    const x = variable(tensor(expected.x, { dtype }));
    const y = activations[name].forward(x);
    const [slope] = gradients(y.sum(), [x]);
    for (const [got, wanted] of [
      [y, expected.value],
      [slope, expected.gradient],
    ] as const) {
      got.dataSync().forEach((value, i) => {
        const allowed = tolerance * Math.max(1, Math.abs(wanted[i]));
        expect(Math.abs(value - wanted[i]), `at ${expected.x[i]}`).toBeLessThanOrEqual(allowed);
      });
    }
    expect(activations[name].forward(tensor(NaN, { dtype })).item()).toBeNaN();
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
