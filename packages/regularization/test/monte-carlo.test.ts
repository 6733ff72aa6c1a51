import { compile, DownhillError, generator, tensor } from '@downhill/tensor';
import { BatchNorm1d, Linear, Sequential, Sigmoid } from '@downhill/layers';
import { Dropout, monteCarlo } from '@downhill/regularization';
import { describe, expect, it } from 'vitest';

// The lecture's neuron: w0 x + w1 y, with dropout of a half on its two inputs.
const [w0, w1, x, y] = [2, -1, 3, 1];
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
const neuron = (): Linear => new Linear(2, 1, { bias: false, initializer: () => tensor([[w0, w1]]) });
const inputs = tensor([[x, y]]);
/** The neuron's sums under its four masks, each as likely as another. */
const sums = [0, w0 * x, w1 * y, w0 * x + w1 * y];
const over = (values: number[]): number => values.reduce((sum, value) => sum + value) / values.length;

describe('Monte-Carlo dropout', () => {
  it('of a linear neuron: the scaled test-time pass is the average over all masks, 0.5 (w0 x + w1 y)', () => {
    const model = new Sequential([new Dropout(0.5, { mode: 'standard', generator: generator(1) }), neuron()]);
    const scaled = model.forward(inputs).item();
    expect(scaled).toBe(0.5 * (w0 * x + w1 * y));
    expect(scaled).toBe(over(sums));
    const passes = 4000;
    const { mean, spread } = monteCarlo(model, { passes })(inputs);
    const deviation = Math.sqrt(over(sums.map((sum) => (sum - scaled) ** 2)));
    expect(Math.abs(mean.item() - scaled)).toBeLessThan((4 * deviation) / Math.sqrt(passes));
    expect(spread.item()).toBeCloseTo(deviation, 1);
  });

  it('of a sigmoid neuron: it is not, by 0.2342', () => {
    const model = new Sequential([
      new Dropout(0.5, { mode: 'standard', generator: generator(2) }),
      neuron(),
      new Sigmoid(),
    ]);
    const truth = over(sums.map(sigmoid)); // (0.5 + 0.9975 + 0.2689 + 0.9933) / 4 = 0.6899
    const scaled = model.forward(inputs).item(); // sigmoid(2.5) = 0.9241
    expect(scaled - truth).toBeCloseTo(0.2342, 4);
    const passes = 4000;
    const { mean } = monteCarlo(model, { passes })(inputs);
    const deviation = Math.sqrt(over(sums.map((sum) => (sigmoid(sum) - truth) ** 2)));
    expect(Math.abs(mean.item() - truth)).toBeLessThan((4 * deviation) / Math.sqrt(passes));
  });

  it('leaves batch normalization as it is when testing', () => {
    const norm = new BatchNorm1d(2);
    const predict = monteCarlo(new Sequential([norm, new Dropout(0.5)]), { passes: 4 });
    const { mean, spread } = predict(tensor([[1, 2]]));
    expect([mean.shape, spread.shape]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(norm.runningMean.toArray()).toEqual([0, 0]);
  });

  it('has no spread where nothing is random', () => {
    const { mean, spread } = monteCarlo(neuron(), { passes: 3 })(inputs);
    expect([mean.item(), spread.item()]).toEqual([5, 0]);
  });

  it('becomes part of a compiled function', () => {
    const predict = monteCarlo(new Sequential([new Dropout(0.5, { generator: generator(3) }), neuron()]), {
      passes: 8,
    });
    const { mean, spread } = compile((given) => predict(given))(inputs);
    expect(Math.abs(mean.item() - 5)).toBeLessThan(10);
    expect(spread.item()).toBeGreaterThan(0);
  });

  it('refuses one pass, which has no spread', () => {
    expect(() => monteCarlo(neuron(), { passes: 1 })).toThrow(DownhillError);
  });
});
