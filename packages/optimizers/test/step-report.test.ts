import { gradients } from '@downhill/autograd';
import { compile, matmul, tensor, variable, type Tensor, type Variable } from '@downhill/tensor';
import { adagrad, adam, clipByGlobalNorm, sgd, skipNonFinite, type Optimizer } from '@downhill/optimizers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const float64 = (values: number[], shape?: number[]): Tensor =>
  tensor(values, { dtype: 'float64', ...(shape === undefined ? {} : { shape }) });
const coordinate = fc.double({ min: -3, max: 3, noNaN: true });
const vector = fc.tuple(coordinate, coordinate).map((values) => [...values]);

/** A step that is asked for everything. */
function asked(optimizer: Optimizer, x: Variable) {
  return compile((gradient: Tensor) => {
    const report = optimizer.step([x], [gradient]);
    return {
      ratios: report.updateRatios(),
      norms: report.gradientNorms(),
      steps: report.effectiveSteps(),
    };
  });
}

describe('a step tells on request', () => {
  it('the ratio of update to parameter, and the norm of the gradient', () => {
    fc.assert(
      fc.property(vector, vector, fc.double({ min: 0.001, max: 1, noNaN: true }), (start, gradient, rate) => {
        fc.pre(Math.hypot(...start) > 1e-3);
        const x = variable(float64(start));
        const { ratios, norms } = asked(sgd({ learningRate: rate }), x)(float64(gradient));
        expect(ratios[0].item()).toBeCloseTo((rate * Math.hypot(...gradient)) / Math.hypot(...start), 9);
        expect(norms[0].item()).toBeCloseTo(Math.hypot(...gradient), 12);
      }),
      { numRuns: 25 },
    );
  });

  it('the effective step of each coordinate: α / (√c + ε) for adagrad', () => {
    const x = variable(float64([1, 2, 3]));
    const step = asked(adagrad({ learningRate: 0.5, epsilon: 0.1 }), x);
    step(float64([3, 1, 0]));
    const { steps } = step(float64([4, -2, 0]));
    [0.5 / 5.1, 0.5 / (Math.sqrt(5) + 0.1), 0].forEach((expected, i) => {
      expect(steps[0].dataSync()[i]).toBeCloseTo(expected, 9);
    });
  });

  it('what was given and what was made of it, through wrappers', () => {
    const x = variable(float64([0, 10]));
    const clipped = asked(clipByGlobalNorm(sgd({ learningRate: 1 }), { norm: 1 }), x)(float64([3, 4]));
    expect(clipped.norms[0].item()).toBe(5);
    expect(clipped.ratios[0].item()).toBeCloseTo(0.1, 12);
    const skipped = asked(skipNonFinite(sgd()), x)(float64([NaN, 1]));
    expect(skipped.ratios[0].item()).toBe(0);
  });

  it('the same uncompiled', () => {
    const x = variable(float64([3, 4]));
    const report = sgd({ learningRate: 0.5 }).step([x], [float64([1, 0])]);
    expect(report.updateRatios()[0].item()).toBe(0.1);
    expect(report.effectiveSteps()[0].toArray()).toEqual([0.5, 0]);
    expect(x.toArray()).toEqual([2.5, 4]);
  });
});

describe('it costs', () => {
  const shape = [16, 16];
  const network = (watch: boolean) => {
    const weights = ['a', 'b'].map((name) =>
      variable(
        tensor(
          Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
          { shape },
        ),
        { name },
      ),
    );
    const optimizer = adam();
    const step = compile((x: Tensor) => {
      const loss = matmul(matmul(x, weights[0]).tanh(), weights[1]).square().sum();
      const report = optimizer.step(weights, gradients(loss, weights));
      return watch ? [loss, ...report.updateRatios(), ...report.gradientNorms()] : [loss];
    });
    const x = tensor(
      Float32Array.from({ length: 256 }, (_, i) => Math.cos(i)),
      { shape },
    );
    const labels = step.program(x).kernels.map(({ label }) => label);
    return { step, x, labels, weights };
  };

  it('nothing unless asked: no kernel sums squares of updates', () => {
    const [plain, watched] = [network(false), network(true)];
    expect(watched.labels.length).toBeGreaterThan(plain.labels.length);
    // Four sums of a parameter's elements for each of two: no product of matrices is computed twice.
    expect(watched.labels.length - plain.labels.length).toBeLessThanOrEqual(2 * 4);
    const flops = ({ step, x }: typeof plain): number => Number(/(\d+) flops/.exec(step.explain(x))?.[1]);
    expect(flops(watched) - flops(plain)).toBeLessThan(2 * 16 ** 3);
  });

  it('no change of the descent', () => {
    const [plain, watched] = [network(false), network(true)];
    for (let i = 0; i < 5; i++) {
      plain.step(plain.x);
      watched.step(watched.x);
    }
    plain.weights.forEach((weight, i) => {
      expect(watched.weights[i].dataSync()).toEqual(weight.dataSync());
    });
  });
});
