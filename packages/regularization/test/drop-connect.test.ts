import { gradients } from '@downhill/autograd';
import {
  compile,
  generator,
  ones,
  random,
  ShapeError,
  tensor,
  variable,
  windows,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { Linear, Module, ReLU } from '@downhill/layers';
import { DropConnect, type WeightedLayer } from '@downhill/regularization';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const training = { training: true };
const numbers = (x: { dataSync(): ArrayLike<number> }): number[] => Array.from(x.dataSync());

/** A convolution over a line, written here: [N, length] and weight [size]. */
class Line extends Module {
  readonly weight = variable(tensor([1, -2, 3]));
  readonly bias = variable(0.5);

  override forward(x: Tensor | Variable): Tensor {
    return windows(x, { axes: 1, size: 3 }).mul(this.weight).sum({ axis: -1 }).add(this.bias);
  }
}

/** Every mask over `count` weights, with its probability. */
function masksOf(count: number, keep: number): { mask: number[]; probability: number }[] {
  return Array.from({ length: 2 ** count }, (_, code) => {
    const mask = Array.from({ length: count }, (_, bit) => (code >> bit) & 1);
    const kept = mask.reduce((sum, bit) => sum + bit, 0);
    return { mask, probability: keep ** kept * (1 - keep) ** (count - kept) };
  });
}

describe('DropConnect', () => {
  it('drops single weights, about `rate` of them, and scales the others', () => {
    const layer = new Linear(40, 50, { bias: false, initializer: ones });
    const dropping = new DropConnect(layer, 0.3, { generator: generator(1) });
    // Row i of the unit matrix shows the weights from input i.
    const seen = numbers(dropping.forward(tensor(numbers(unit(40)), { shape: [40, 40] }), training));
    const kept = seen.filter((value) => value !== 0);
    for (const value of kept) expect(value).toBeCloseTo(1 / 0.7, 5);
    expect(Math.abs(kept.length / 2000 - 0.7)).toBeLessThan(5 * Math.sqrt((0.7 * 0.3) / 2000));
  });

  it('gives a dropped weight no gradient', () => {
    const layer = new Linear(6, 5, { bias: false, initializer: ones });
    const dropping = new DropConnect(layer, 0.5, { generator: generator(2) });
    const y = dropping.forward(tensor(numbers(unit(6)), { shape: [6, 6] }), training);
    const [slope] = gradients(y.sum(), [layer.weight]);
    expect(slope.transpose().toArray()).toEqual(y.toArray());
    expect(numbers(slope)).toContain(0);
  });

  it('wraps a convolution as it wraps a linear layer, and shares its variables', () => {
    const line = new Line();
    const dropping = new DropConnect(line, 0.5, { generator: generator(3) });
    expect(Object.keys(dropping.state())).toEqual(['layer.weight', 'layer.bias']);
    const x = tensor([[1, 10, 100, 1000]]);
    expect(dropping.forward(x).toArray()).toEqual(line.forward(x).toArray());
    const sums = new Set(Array.from({ length: 40 }, () => numbers(dropping.forward(x, training))[0]));
    // 2 · (a subset of 1, −20, 300) + the bias, which is not dropped.
    for (const sum of sums) expect([0.5, 2.5, -39.5, -37.5, 600.5, 602.5, 560.5, 562.5]).toContain(sum);
    expect(sums.size).toBeGreaterThan(4);
  });

  it.each(['inverted', 'standard'] as const)('%s: moments are those over all masks', (mode) => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (weights, inputs, rate) => {
          const layer = new Linear(4, 1, { dtype: 'float64' });
          layer.load({
            weight: tensor([weights], { dtype: 'float64' }),
            bias: tensor([0.25], { dtype: 'float64' }),
          });
          const dropping = new DropConnect(layer, rate, { mode });
          const { mean, variance } = dropping.moments(tensor([inputs], { dtype: 'float64' }));
          const scale = mode === 'inverted' ? 1 / (1 - rate) : 1;
          let [first, second] = [0, 0];
          for (const { mask, probability } of masksOf(4, 1 - rate)) {
            const sum = mask.reduce((s, bit, i) => s + bit * scale * weights[i] * inputs[i], 0.25);
            first += probability * sum;
            second += probability * sum ** 2;
          }
          expect(mean.item()).toBeCloseTo(first, 8);
          expect(variance.item() / scale ** 2).toBeCloseTo((second - first ** 2) / scale ** 2, 6);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('moment matching comes near the average over all masks, where the mean network does not', () => {
    const [count, rate] = [12, 0.5];
    const source = generator(4);
    const layer = new Linear(count, 1, { bias: false, generator: source });
    const x = random.normal([1, count], { generator: source });
    const [weights, inputs] = [numbers(layer.weight), numbers(x)];
    const truth = masksOf(count, 1 - rate).reduce((total, { mask, probability }) => {
      const sum = mask.reduce((s, bit, i) => s + 2 * bit * weights[i] * inputs[i], 0);
      return total + probability * Math.max(0, sum);
    }, 0);
    const options = { activation: new ReLU(), generator: source, samples: 20_000 };
    const matched = new DropConnect(layer, rate, { ...options, inference: 'gaussian' }).forward(x).item();
    const mean = new DropConnect(layer, rate, options).forward(x).item();
    const deviation = Math.sqrt(new DropConnect(layer, rate).moments(x).variance.item());
    expect(Math.abs(matched - truth)).toBeLessThan(0.05 * deviation);
    expect(Math.abs(mean - truth)).toBeGreaterThan(0.1 * deviation);
  });

  it('uses as many masks for a batch as it is told', () => {
    const layer = new Linear(30, 1, { bias: false, initializer: ones });
    const sums = (masks: number): Set<number> => {
      const dropping = new DropConnect(layer, 0.5, { masks, generator: generator(5) });
      return new Set(numbers(dropping.forward(ones([6, 30]), training)));
    };
    expect(sums(1).size).toBe(1);
    expect(sums(6).size).toBeGreaterThan(2);
    expect(() => sums(4)).toThrow(ShapeError);
    expect(() => sums(4)).toThrow('4 masks do not divide the batch of [6, 30]');
    expect(() => sums(0)).toThrow('expected masks to be a whole number of at least 1');
  });

  it('wants a layer with a weight', () => {
    expect(() => new DropConnect(new ReLU() as unknown as WeightedLayer, 0.5)).toThrow(
      'expected a layer with a variable called weight',
    );
  });

  it('trains in a compiled step, which gives what the same lines give without', () => {
    const run = (compiled: boolean): number[] => {
      const layer = new Linear(3, 2, { generator: generator(6) });
      const dropping = new DropConnect(layer, 0.4, { generator: generator(7) });
      const parameters = dropping.parameters();
      const step = (x: Tensor): Tensor => {
        const loss = dropping.forward(x, training).square().sum();
        gradients(loss, parameters).forEach((gradient, i) => {
          parameters[i].assign(parameters[i].sub(gradient.mul(0.01)));
        });
        return loss;
      };
      const call = compiled ? compile(step) : step;
      return Array.from({ length: 5 }, () => call(ones([4, 3])).item());
    };
    const [plain, compiled] = [run(false), run(true)];
    plain.forEach((loss, i) => expect(compiled[i]).toBeCloseTo(loss, 5));
    expect(plain[4]).toBeLessThan(plain[0]);
  });
});

function unit(size: number): Tensor {
  return tensor(
    Float32Array.from({ length: size * size }, (_, place) =>
      Number(place % size === Math.floor(place / size)),
    ),
  );
}
