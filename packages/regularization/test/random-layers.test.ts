import { gradients } from '@downhill/autograd';
import {
  compile,
  DownhillError,
  generator,
  ones,
  random,
  ShapeError,
  tensor,
  variable,
} from '@downhill/tensor';
import { Linear, Residual, Sequential, type Module } from '@downhill/layers';
import {
  AlphaDropout,
  DropConnect,
  Dropout,
  DropPath,
  GaussianDropout,
  SpatialDropout,
} from '@downhill/regularization';
import { describe, expect, it } from 'vitest';

const training = { training: true };
const numbers = (x: { dataSync(): ArrayLike<number> }): number[] => Array.from(x.dataSync());
const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('SpatialDropout', () => {
  it('drops whole channels, each example’s for itself, and scales the others', () => {
    const y = new SpatialDropout(0.25, { generator: generator(1) }).forward(ones([50, 20, 3, 2]), training);
    const channels = y.reshape([1000, 6]).toArray() as number[][];
    for (const channel of channels) expect(new Set(channel).size).toBe(1);
    const kept = channels.filter(([first]) => first !== 0);
    expect(kept[0][0]).toBeCloseTo(4 / 3, 6);
    expect(Math.abs(kept.length / 1000 - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / 1000));
    const first = channels.slice(0, 20).map(([value]) => value);
    expect(first).not.toEqual(channels.slice(20, 40).map(([value]) => value));
  });

  it('wants channels', () => {
    expect(() => new SpatialDropout(0.5).forward(tensor([1]), training)).toThrow(ShapeError);
  });
});

describe('DropPath', () => {
  it('leaves the body of a residual block out for some examples', () => {
    const body = new Sequential([new Linear(3, 3), new DropPath(0.5, { generator: generator(2) })]);
    const x = random.normal([200, 3], { generator: generator(3) });
    const added = new Residual(body).forward(x, training).sub(x);
    const full = body.forward(x).mul(2).toArray() as number[][];
    let without = 0;
    (added.toArray() as number[][]).forEach((row, i) => {
      if (row.every((value) => value === 0)) without++;
      else row.forEach((value, k) => expect(value).toBeCloseTo(full[i][k], 5));
    });
    expect(Math.abs(without / 200 - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 200));
  });
});

describe('AlphaDropout', () => {
  it.each([0.05, 0.3, 0.7])('at rate %s keeps mean 0 and variance 1', (rate) => {
    const source = generator(4);
    const x = random.normal([200_000], { generator: source });
    const y = numbers(new AlphaDropout(rate, { generator: source }).forward(x, training));
    expect(Math.abs(average(y))).toBeLessThan(0.015);
    expect(Math.abs(average(y.map((value) => value ** 2)) - 1)).toBeLessThan(0.03);
  });

  it('gives what is dropped the affine image of SELU’s lowest value', () => {
    // Klambauer et al. (2017): α' = −λα = −1.7580993; at q = 0.5, a = (0.5 + α'² / 4)^(−1/2), b = −a α' / 2.
    const y = numbers(new AlphaDropout(0.5, { generator: generator(5) }).forward(ones([100]), training));
    const a = (0.5 + 1.7580993408473766 ** 2 / 4) ** -0.5;
    const b = (a * 1.7580993408473766) / 2;
    for (const value of y) {
      expect(
        Math.min(Math.abs(value - (a + b)), Math.abs(value - (b - a * 1.7580993408473766))),
      ).toBeLessThan(1e-5);
    }
    expect(new Set(y).size).toBe(2);
  });
});

describe('GaussianDropout', () => {
  it('has the mean and variance of dropout: 1 and rate / (1 − rate)', () => {
    const y = numbers(
      new GaussianDropout(0.2, { generator: generator(6) }).forward(ones([100_000]), training),
    );
    expect(Math.abs(average(y) - 1)).toBeLessThan(0.01);
    expect(Math.abs(average(y.map((value) => (value - 1) ** 2)) - 0.25)).toBeLessThan(0.01);
  });
});

const layers: [string, (rate: number) => Module][] = [
  ['Dropout', (rate) => new Dropout(rate)],
  ['standard Dropout', (rate) => new Dropout(rate, { mode: 'standard' })],
  ['SpatialDropout', (rate) => new SpatialDropout(rate)],
  ['AlphaDropout', (rate) => new AlphaDropout(rate)],
  ['GaussianDropout', (rate) => new GaussianDropout(rate)],
  ['DropPath', (rate) => new DropPath(rate)],
  ['DropConnect', (rate) => new DropConnect(new Linear(3, 3), rate)],
];

describe.each(layers)('%s', (name, make) => {
  it('refuses a rate of 1, and others out of range', () => {
    for (const rate of [1, -0.1, 2, NaN]) expect(() => make(rate)).toThrow(DownhillError);
    expect(() => make(1)).toThrow('got 1: nothing would be left');
    expect(() => make(1)).toThrow(name.replace('standard ', ''));
  });

  it('at rate 0 does what it does when testing', () => {
    const x = tensor([[1, -2, 3]]);
    const layer = make(0);
    expect(numbers(layer.forward(x, training))).toEqual(numbers(layer.forward(x)));
  });

  it('draws when told to be stochastic, without training', () => {
    const x = ones([64, 3]);
    const layer = make(0.5);
    const once = numbers(layer.forward(x, { stochastic: true }));
    expect(once).not.toEqual(numbers(layer.forward(x, { stochastic: true })));
    expect(once).not.toEqual(numbers(layer.forward(x)));
    expect(numbers(layer.forward(x, { training: true, stochastic: false }))).toEqual(
      numbers(layer.forward(x)),
    );
  });
});

// All layers whose masks are drawn as bits; the numbers of GaussianDropout cost more to draw again than to keep.
describe.each(layers.filter(([name]) => name !== 'GaussianDropout'))(
  'the program of a step with %s',
  (name, make) => {
    it('has no buffer for a mask: none of bools, and none more than without', () => {
      const buffersOf = (rate: number): string[] => {
        const first = variable(random.normal([3, 3], { generator: generator(8) }));
        const layer = make(rate);
        const parameters = [first, ...layer.parameters()];
        const step = compile((x) => {
          const loss = layer.forward(x.matmul(first), training).sigmoid().sum();
          return [loss, ...gradients(loss, parameters)];
        });
        const x = ones([37, 3]);
        expect(step.explain(x)).not.toContain('bool');
        return step
          .program(x)
          .buffers.filter(({ role, length }) => role === 'intermediate' && length > 1)
          .map(({ dtype, length }) => `${dtype} ${length}`)
          .sort();
      };
      const [without, dropping] = [buffersOf(0), buffersOf(0.5)];
      expect(dropping.filter((buffer) => !buffer.startsWith('float32'))).toEqual([]);
      // What is stored in addition, if anything, is the layer's masked weight, not a mask.
      const allowed = name === 'DropConnect' ? 1 : 0;
      expect(dropping.length).toBeLessThanOrEqual(without.length + allowed);
    });
  },
);
