import { readFileSync } from 'node:fs';
import { compile, tensor, variable } from '@downhill/tensor';
import { adam, momentum, sgd, type Optimizer } from '@downhill/optimizers';
import { describe, expect, it } from 'vitest';
import { gradientOf } from './problems.js';
import { rmsprop } from './rmsprop.js';

interface Run {
  readonly problem: string;
  readonly rule: string;
  readonly dtype: 'float32' | 'float64';
  readonly start: number[];
  readonly learningRate: number;
  readonly path: number[][];
}

const { runs, steps } = JSON.parse(
  readFileSync(new URL('golden/trajectories.json', import.meta.url), 'utf8'),
) as { runs: Run[]; steps: number };

/** The settings of golden/make.py. */
const optimizers: Record<string, (learningRate: number) => Optimizer> = {
  sgd: (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => momentum({ learningRate, momentum: 0.9 }),
  adam: (learningRate) => adam({ learningRate, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }),
  rmsprop: (learningRate) => rmsprop({ learningRate, decay: 0.9 }),
};

const TOLERANCE = { float64: 1e-6, float32: 1e-4 };

describe.each(['compiled', 'uncompiled'])('%s, fifty steps walk where PyTorch 1.13 walks', (kind) => {
  it('has every rule on every problem in both dtypes', () => {
    expect(runs).toHaveLength(16);
    expect(steps).toBe(50);
  });

  it.each(runs)('$rule on $problem in $dtype', ({ problem, rule, dtype, start, learningRate, path }) => {
    const x = variable(tensor(start, { dtype }));
    const optimizer = optimizers[rule](learningRate);
    const once = (): void => {
      optimizer.step([x], [gradientOf[problem](x)]);
    };
    const step = kind === 'compiled' ? compile(once) : once;
    for (const expected of path) {
      step();
      const got = x.dataSync();
      expected.forEach((value, i) => {
        expect(Math.abs(got[i] - value)).toBeLessThan(TOLERANCE[dtype] * Math.max(1, Math.abs(value)));
      });
    }
  });
});
