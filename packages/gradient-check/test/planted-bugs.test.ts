import { customGradient } from '@downhill/autograd';
import { checkGradients, type ParameterReport } from '@downhill/gradient-check';
import {
  add,
  argmax,
  argmin,
  concat,
  equal,
  generator,
  iota,
  matmul,
  mean,
  pad,
  random,
  reshape,
  square,
  stopGradient,
  sub,
  sum,
  tensor,
  unsqueeze,
  variable,
  variance,
  where,
  zerosLike,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { describe, expect, it } from 'vitest';

const source = { generator: generator(7) };
const cell = (name: string, shape: number[]): Variable =>
  variable(tensor(random.normal(shape, source).dataSync(), { shape }), { name });

interface Planted {
  /** What is wrong. */
  readonly bug: string;
  /** The loss, rightly or with the bug. */
  readonly loss: (wrong: boolean) => Tensor;
  readonly variables: readonly Variable[];
  /** The only one whose gradient is wrong, and its coordinates where it is. */
  readonly culprit: Variable;
  readonly where?: (index: readonly number[]) => boolean;
}

const x = cell('x', [4, 3]);
const w = cell('w', [3, 3]);
const b = cell('b', [3]);
const u = cell('u', [3, 3]);
const signal = cell('signal', [9]);
const target = random.normal([4, 3], source);

/** x wᵀ with a backward pass of its own. */
const product = (wrong: boolean) =>
  customGradient(
    (inputs, weight) => matmul(inputs, weight.transpose()),
    (gradient, { inputs: [inputs, weight] }) => [
      matmul(gradient, wrong ? weight.transpose() : weight),
      matmul(gradient.transpose(), inputs),
    ],
  );

/** The tanh of its input, with a derivative of its own. */
const squashed = (wrong: boolean) =>
  customGradient(
    (inputs) => inputs.tanh(),
    (gradient, { output }) => [gradient.mul(wrong ? output.square().sub(1) : sub(1, output.square()))],
  );

/** The mean squared distance from the target over a batch. */
const distance = (wrong: boolean) =>
  customGradient(
    (inputs) => mean(sum(square(inputs.sub(target)), { axis: 1 })),
    (gradient, { inputs: [inputs] }) => [
      inputs
        .sub(target)
        .mul(2)
        .div(wrong ? 1 : inputs.shape[0])
        .mul(gradient),
    ],
  );

/** Half of the elements dropped, the others doubled. */
function dropped(inputs: Tensor | Variable, wrong: boolean): Tensor {
  const mask = random.bernoulli(inputs.shape, source).cast('float32').mul(2);
  const drop = customGradient(
    (values) => values.mul(mask),
    (gradient) => [wrong ? gradient : gradient.mul(mask)],
  );
  return drop(inputs);
}

/** Columns normalized by the statistics of the batch. */
function normalized(inputs: Tensor, wrong: boolean): Tensor {
  const keep = wrong ? stopGradient : (each: Tensor): Tensor => each;
  const center = keep(mean(inputs, { axis: 0 }));
  const spread = keep(variance(inputs, { axis: 0 }).add(1e-5).sqrt());
  return inputs.sub(center).div(spread);
}

/** The largest of each three neighbours. */
const pooled = (wrong: boolean) =>
  customGradient(
    (values) => reshape(values, [3, 3]).max({ axis: 1 }),
    (gradient, { inputs: [values] }) => {
      const rows = reshape(values, [3, 3]);
      const winners = (wrong ? argmin : argmax)(rows, { axis: 1, keepDims: true });
      return [reshape(where(equal(iota(3), winners), unsqueeze(gradient, 1), 0), [9])];
    },
  );

/** Every second element, from the first on. */
const strided = (wrong: boolean) =>
  customGradient(
    (values) => values.slice([0, undefined, 2]),
    (gradient) => {
      const apart = reshape(pad(unsqueeze(gradient, 1), [[0, 0], wrong ? [1, 0] : [0, 1]]), [10]);
      return [apart.slice([0, 9])];
    },
  );

/** A hidden state that is fed back twice. */
function recurrent(wrong: boolean): Tensor {
  const first = matmul(x, u).tanh();
  return matmul(first, wrong ? stopGradient(u) : u).tanh();
}

const bugs: Planted[] = [
  {
    bug: 'a dropped bias gradient',
    loss: (wrong) => sum(square(add(matmul(x, w), wrong ? stopGradient(b) : b))),
    variables: [x, w, b],
    culprit: b,
  },
  {
    bug: 'a dropout mask forgotten in the backward pass',
    loss: (wrong) => sum(square(dropped(x, wrong).sub(target)).mul(target)),
    variables: [x],
    culprit: x,
  },
  {
    bug: 'a weight transposed in the backward pass',
    loss: (wrong) => sum(square(product(wrong)(x, w).sub(target))),
    variables: [x, w],
    culprit: x,
  },
  {
    bug: 'a scale wrong by the batch size',
    loss: (wrong) => distance(wrong)(x),
    variables: [x],
    culprit: x,
  },
  {
    bug: 'a sign',
    loss: (wrong) => sum(squashed(wrong)(w.mul(0.5)).mul(w.shape[0])).add(sum(b.square())),
    variables: [w, b],
    culprit: w,
  },
  {
    bug: 'a batch-norm statistic that the backward pass takes for a constant',
    loss: (wrong) => sum(square(normalized(x.mul(1), wrong).sub(target)).mul(target)),
    variables: [x],
    culprit: x,
  },
  {
    bug: 'a pooling gradient sent to the wrong winner',
    loss: (wrong) => sum(square(pooled(wrong)(signal))),
    variables: [signal],
    culprit: signal,
    where: ([place]) => {
      const values = signal.dataSync();
      const row = [...values.slice(3 * Math.floor(place / 3), 3 * Math.floor(place / 3) + 3)];
      return [Math.max(...row), Math.min(...row)].includes(values[place]);
    },
  },
  {
    bug: 'an off-by-one in a stride',
    loss: (wrong) => sum(square(strided(wrong)(signal))),
    variables: [signal],
    culprit: signal,
  },
  {
    bug: 'a step of a recurrence that is not gone back through',
    loss: (wrong) => sum(recurrent(wrong).mul(target)),
    variables: [x, u],
    culprit: u,
  },
  {
    bug: 'a gradient that is right but for one column',
    loss: (wrong) => {
      const column = customGradient(
        (values) => values.exp(),
        (gradient, { output }) => {
          const right = gradient.mul(output);
          return [
            wrong
              ? concat([right.slice(undefined, [0, 2]), zerosLike(right.slice(undefined, [2]))], { axis: 1 })
              : right,
          ];
        },
      );
      return sum(column(w));
    },
    variables: [w],
    culprit: w,
    where: ([, column]) => column === 2,
  },
];

const find = (parameters: readonly ParameterReport[], { name }: Variable): ParameterReport => {
  const found = parameters.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not in the report`);
  return found;
};

describe.each(bugs)('$bug', ({ loss, variables, culprit, where: isWrong = () => true }) => {
  it('is found: the report names the variable and the coordinate, and clears the others', async () => {
    const report = await checkGradients(() => loss(true), variables);
    expect(report.passed).toBe(false);
    const { worst, verdict, coordinates } = find(report.parameters, culprit);
    expect(verdict).toBe('wrong');
    expect(worst?.error).toBeGreaterThan(0.01);
    expect(worst?.index).toHaveLength(culprit.rank);
    expect(isWrong(worst?.index ?? [])).toBe(true);
    for (const { index, error } of coordinates) if (!isWrong(index)) expect(error).toBeLessThan(1e-6);
    for (const other of variables) {
      if (other !== culprit) expect(find(report.parameters, other).verdict).not.toBe('wrong');
    }
    expect(String(report)).toMatch(
      new RegExp(`${culprit.name} .* \\[${worst?.index.join(', ') ?? ''}\\] .* wrong`),
    );
  });

  it('is not found where it is not', async () => {
    const report = await checkGradients(() => loss(false), variables);
    expect(report.parameters.map(({ verdict }) => verdict)).toEqual(variables.map(() => 'happy'));
    expect(report.passed).toBe(true);
  });
});
