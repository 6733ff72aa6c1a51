import { readFileSync } from 'node:fs';
import { compile, tensor, variable } from '@downhill/tensor';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  amsgrad,
  lamb,
  lion,
  momentum,
  muon,
  nadam,
  nesterov,
  radam,
  rmsprop,
  sgd,
  weightDecay,
  type Optimizer,
} from '@downhill/optimizers';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from './problems.js';

interface Run {
  readonly rule: string;
  readonly problem: string;
  readonly dtype: 'float32' | 'float64';
  readonly learningRate: number;
  /** All parameters, flat, after each step that was written down. */
  readonly path: number[][];
}

interface Problem {
  readonly start: { readonly shape: number[]; readonly values: number[] }[];
  /** The steps that were written down, of 50. */
  readonly steps: number[];
}

const { runs, problems } = JSON.parse(
  readFileSync(new URL('golden/trajectories.json', import.meta.url), 'utf8'),
) as { runs: Run[]; problems: Record<string, Problem> };

const betas = { beta1: 0.8, beta2: 0.95 };

/** The settings of golden/make.py. */
const optimizers: Record<string, (learningRate: number) => Optimizer> = {
  sgd: (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => momentum({ learningRate, momentum: 0.9 }),
  nesterov: (learningRate) => nesterov({ learningRate, momentum: 0.9 }),
  'nesterov, decayed': (learningRate) =>
    weightDecay(nesterov({ learningRate, momentum: 0.9 }), { weightDecay: 0.1 }),
  adagrad: (learningRate) => adagrad({ learningRate, epsilon: 1e-3 }),
  rmsprop: (learningRate) => rmsprop({ learningRate, decay: 0.9, epsilon: 1e-3 }),
  'rmsprop, centered': (learningRate) => rmsprop({ learningRate, decay: 0.9, epsilon: 1e-3, centered: true }),
  'rmsprop, centered, with momentum': (learningRate) =>
    rmsprop({ learningRate, decay: 0.9, epsilon: 1e-3, centered: true, momentum: 0.8 }),
  adadelta: (learningRate) => adadelta({ learningRate, decay: 0.9, epsilon: 1e-3 }),
  adam: (learningRate) => adam({ learningRate, ...betas, epsilon: 1e-6 }),
  'adam, uncorrected': (learningRate) =>
    adam({ learningRate, ...betas, epsilon: 1e-6, biasCorrection: false }),
  'adam, decayed': (learningRate) =>
    weightDecay(adam({ learningRate, ...betas, epsilon: 1e-6 }), { weightDecay: 0.1 }),
  adamw: (learningRate) => adamw({ learningRate, ...betas, epsilon: 1e-6, weightDecay: 0.1 }),
  amsgrad: (learningRate) => amsgrad({ learningRate, ...betas, epsilon: 1e-6 }),
  adamax: (learningRate) => adamax({ learningRate, ...betas, epsilon: 1e-3 }),
  nadam: (learningRate) => nadam({ learningRate, ...betas, epsilon: 1e-6, momentumDecay: 0.1 }),
  radam: (learningRate) => radam({ learningRate, ...betas, epsilon: 1e-3 }),
  lion: (learningRate) => lion({ learningRate, beta1: 0.9, beta2: 0.95, weightDecay: 0.1 }),
  lamb: (learningRate) => lamb({ learningRate, ...betas, epsilon: 1e-3, weightDecay: 0.1 }),
  muon: (learningRate) => muon({ learningRate, momentum: 0.9, weightDecay: 0.1 }),
};

const TOLERANCE = { float64: 1e-6, float32: 1e-4 };

/** The distance between two points, as a share of the second's distance from 0. */
function relativeError(got: readonly number[], expected: readonly number[]): number {
  return Math.hypot(...expected.map((value, i) => got[i] - value)) / Math.hypot(...expected);
}

it('has every rule on a bowl, in a valley and in a network, in both dtypes', () => {
  expect(Object.keys(optimizers)).toHaveLength(20);
  for (const rule of Object.keys(optimizers)) {
    expect(runs.filter((run) => run.rule === rule)).toHaveLength(6);
  }
});

describe.each(['compiled', 'uncompiled'])('%s, fifty steps walk where PyTorch or the paper walks', (kind) => {
  it.each(runs)('$rule, $problem, $dtype', ({ problem, rule, dtype, learningRate, path }) => {
    const { start, steps } = problems[problem];
    const parameters = start.map(({ shape, values }) => variable(tensor(values, { shape, dtype })));
    const optimizer = optimizers[rule](learningRate);
    const once = (): void => {
      optimizer.step(parameters, gradientsOf[problem](parameters));
    };
    const step = kind === 'compiled' ? compile(once) : once;
    let done = 0;
    const errors = steps.map((at, i) => {
      while (done < at) {
        step();
        done++;
      }
      return relativeError(
        parameters.flatMap((parameter) => [...parameter.dataSync()]),
        path[i],
      );
    });
    expect(done).toBe(50);
    expect(Math.max(...errors)).toBeLessThan(TOLERANCE[dtype]);
  });
});
