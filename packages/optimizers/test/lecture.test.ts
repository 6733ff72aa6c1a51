import { compile, stack, tensor, variable, type Tensor, type Variable } from '@downhill/tensor';
import { adagrad, adam, momentum, nesterov, rmsprop, sgd, type Optimizer } from '@downhill/optimizers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What the lecture says of the update rules, each with its figure. The functions are simple enough for theory to say it too. */

const float64 = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });

/** Where the parameters are after each step. */
function walk(
  optimizer: Optimizer,
  start: number[],
  gradientOf: (x: Variable) => Tensor,
  steps: number,
): number[][] {
  const x = variable(float64(start));
  const step = compile(() => {
    optimizer.step([x], [gradientOf(x)]);
  });
  return Array.from({ length: steps }, () => {
    step();
    return [...x.dataSync()];
  });
}

/** ½ Σ h x². */
const bowl = (curvatures: number[]) => (x: Variable) => x.mul(float64(curvatures));

describe('on a bowl a hundred times as steep one way as the other', () => {
  const CONDITION = 100;
  const stepsToReach = (optimizer: Optimizer): number => {
    const path = walk(optimizer, [1, 1], bowl([1, CONDITION]), 1000);
    return 1 + path.findIndex((x) => Math.hypot(...x) < 1e-3);
  };

  it('momentum beats sgd, each at its best settings: 58 steps against 363', () => {
    // Polyak (1964): the error shrinks by (κ - 1) / (κ + 1) a step, with momentum by (√κ - 1) / (√κ + 1).
    const root = Math.sqrt(CONDITION);
    const plain = stepsToReach(sgd({ learningRate: 2 / (CONDITION + 1) }));
    const heavy = stepsToReach(
      momentum({ learningRate: 4 / (root + 1) ** 2, momentum: ((root - 1) / (root + 1)) ** 2 }),
    );
    expect({ plain, heavy }).toEqual({ plain: 363, heavy: 58 });
    const theory = Math.log(Math.SQRT2 * 1e3) / Math.log((CONDITION + 1) / (CONDITION - 1));
    expect(Math.abs(plain - theory)).toBeLessThan(1);
  });

  it('and at the same learning rate: 101 steps against 688', () => {
    const learningRate = 0.01;
    const plain = stepsToReach(sgd({ learningRate }));
    const heavy = stepsToReach(momentum({ learningRate, momentum: 0.8 }));
    expect({ plain, heavy }).toEqual({ plain: 688, heavy: 101 });
  });
});

describe('nesterov', () => {
  /** How far beyond the minimum the path gets, as a share of how far away it began. */
  const overshoot = (optimizer: Optimizer, curvature: number): number =>
    Math.max(0, ...walk(optimizer, [1], bowl([curvature]), 300).map(([x]) => -x));

  it('overshoots less than momentum: by 0.39 instead of 0.60 of the way at μ = 0.9', () => {
    const settings = { learningRate: 0.1, momentum: 0.9 };
    expect(overshoot(momentum(settings), 1)).toBeCloseTo(0.604, 3);
    expect(overshoot(nesterov(settings), 1)).toBeCloseTo(0.394, 3);
  });

  it('does so wherever momentum overshoots at all', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        fc.double({ min: 0.5, max: 0.97, noNaN: true }),
        (learningRate, mu) => {
          const settings = { learningRate, momentum: mu };
          const heavy = overshoot(momentum(settings), 1);
          fc.pre(heavy > 1e-6);
          expect(overshoot(nesterov(settings), 1)).toBeLessThan(heavy);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('under the same gradient again and again', () => {
  /** The effective step at some of 1000 steps, as a share of the learning rate. */
  function effectiveSteps(optimizer: Optimizer, learningRate: number, at: number[]): number[] {
    const x = variable(float64([0]));
    const step = compile(() => optimizer.step([x], [float64([3])]).effectiveSteps());
    const all = Array.from({ length: 1000 }, () => step()[0].item() * (3 / learningRate));
    return at.map((each) => all[each - 1]);
  }

  it('adagrad’s effective step decays towards zero, as 1 / √t: to 0.1 and 0.03 of the rate', () => {
    const steps = effectiveSteps(adagrad({ learningRate: 0.1 }), 0.1, [1, 100, 1000]);
    [1, 0.1, 1 / Math.sqrt(1000)].forEach((expected, i) => {
      expect(steps[i]).toBeCloseTo(expected, 6);
    });
  });

  it('rmsprop’s does not: it stays at the rate', () => {
    const steps = effectiveSteps(rmsprop({ learningRate: 0.1, decay: 0.9 }), 0.1, [1, 100, 1000]);
    [1 / Math.sqrt(0.1), 1, 1].forEach((expected, i) => {
      expect(steps[i]).toBeCloseTo(expected, 4);
    });
  });
});

describe('adam’s first steps', () => {
  /** How far each of the first steps goes, as a multiple of the learning rate, under a gradient of this size. */
  function lengths(biasCorrection: boolean, size: number): number[] {
    const path = walk(adam({ learningRate: 0.01, biasCorrection }), [0], () => float64([size]), 10);
    return path.map(([x], i) => Math.abs(x - (i === 0 ? 0 : path[i - 1][0])) / 0.01);
  }

  it.each([1e-3, 1, 1e3])(
    'with bias correction are as long as the rate, whatever the gradient (%s)',
    (size) => {
      for (const length of lengths(true, size)) expect(length).toBeCloseTo(1, 4);
    },
  );

  it('without are 3.2 times as long at first, and 6.5 times by the tenth', () => {
    const steps = lengths(false, 1);
    expect(steps[0]).toBeCloseTo(0.1 / Math.sqrt(0.001), 4);
    expect(steps[9]).toBeCloseTo((1 - 0.9 ** 10) / Math.sqrt(1 - 0.999 ** 10), 4);
  });
});

describe('at a saddle, x² - y², a millionth off its ridge', () => {
  const saddle = (x: Variable): Tensor => stack([x.value.slice(0).mul(2), x.value.slice(1).mul(-2)]);
  const stepsToLeave = (optimizer: Optimizer): number =>
    1 + walk(optimizer, [1, 1e-6], saddle, 1000).findIndex(([x, y]) => x * x - y * y < -1);

  it('sgd lingers and rmsprop leaves: 698 steps against 75 at the same rate', () => {
    const learningRate = 0.01;
    const plain = stepsToLeave(sgd({ learningRate }));
    const scaled = stepsToLeave(rmsprop({ learningRate, decay: 0.9 }));
    expect({ plain, scaled }).toEqual({ plain: 698, scaled: 75 });
    // Away from the ridge sgd grows by 1 + 2 α a step.
    expect(Math.abs(plain - Math.log(1e6) / Math.log(1.02))).toBeLessThan(2);
  });
});
