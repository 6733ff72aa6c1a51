import { gradients } from '@downhill/autograd';
import { compile, DownhillError, generator, ones, tensor, variable, type Program } from '@downhill/tensor';
import { Linear, ReLU, Sequential } from '@downhill/layers';
import { Dropout } from '@downhill/regularization';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const training = { training: true };
const rates = fc.double({ min: 0.05, max: 0.95, noNaN: true });

describe('Dropout', () => {
  it('drops about `rate` of the units, and gives the others 1 / (1 − rate)', () => {
    fc.assert(
      fc.property(rates, fc.nat(), (rate, seed) => {
        const count = 4000;
        const y = new Dropout(rate, { generator: generator(seed) })
          .forward(ones([count]), training)
          .dataSync();
        const kept = y.filter((value) => value !== 0);
        for (const value of kept) expect(value).toBeCloseTo(1 / (1 - rate), 4);
        const standardError = Math.sqrt((rate * (1 - rate)) / count);
        expect(Math.abs(1 - kept.length / count - rate)).toBeLessThan(5 * standardError);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves testing alone', () => {
    const x = tensor([1, -2, 3]);
    expect(new Dropout(0.9).forward(x)).toBe(x);
    expect(new Dropout(0.9).forward(x, { training: false })).toBe(x);
  });

  it('as first published scales when testing and not while training', () => {
    const layer = new Dropout(0.75, { mode: 'standard' });
    expect(layer.forward(tensor([4, -8])).toArray()).toEqual([1, -2]);
    const values = new Set(layer.forward(ones([100]), training).dataSync());
    expect([...values].sort()).toEqual([0, 1]);
  });

  it('draws another mask in each pass, and the same ones from the same seed', () => {
    const draw = (seed: number): number[][] => {
      const layer = new Dropout(0.5, { generator: generator(seed) });
      return [1, 2].map(() => [...layer.forward(ones([64]), training).dataSync()]);
    };
    const [first, second] = draw(1);
    expect(first).not.toEqual(second);
    expect(draw(1)).toEqual([first, second]);
    expect(draw(2)).not.toEqual([first, second]);
  });

  it('with rate 0 does nothing and draws nothing', () => {
    const source = generator(1);
    const x = ones([3]);
    expect(new Dropout(0, { generator: source }).forward(x, training)).toBe(x);
    expect(source.counter.item()).toBe(0);
  });

  it('drops what is not finite too', () => {
    const y = new Dropout(0.5, { generator: generator(3) }).forward(ones([50]).mul(Infinity), training);
    expect(new Set(y.dataSync())).toEqual(new Set([0, Infinity]));
  });

  it('gives the weights into and out of a dropped unit no gradient, and those of the others one', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const first = new Linear(3, 8, { initializer: ones });
        const dropout = new Dropout(0.5, { generator: generator(seed) });
        const second = new Linear(8, 2, { initializer: ones });
        const hidden = dropout.forward(first.forward(tensor([[1, 2, 3]])), training);
        const [into, out, bias] = gradients(second.forward(hidden).sum(), [
          first.weight,
          second.weight,
          first.bias ?? first.weight,
        ]);
        const units = hidden.dataSync();
        const incoming = into.toArray() as number[][];
        const outgoing = out.transpose().toArray() as number[][];
        const biases = bias.toArray() as number[];
        units.forEach((unit, i) => {
          const slopes = [...incoming[i], ...outgoing[i], biases[i]];
          if (unit === 0) expect(slopes).toEqual(slopes.map(() => 0));
          else expect(slopes).not.toContain(0);
        });
      }),
      { numRuns: 20 },
    );
  });

  it.each([1, -0.1, 1.5, NaN])('refuses a rate of %s', (rate) => {
    expect(() => new Dropout(rate)).toThrow(DownhillError);
    expect(() => new Dropout(rate)).toThrow('Dropout: expected a rate of at least 0 and below 1');
  });
});

describe('a compiled training step', () => {
  const [batch, inputs, units] = [8, 6, 40];
  const build = (rate: number): Program => {
    const model = new Sequential([
      new Linear(inputs, units),
      new ReLU(),
      new Dropout(rate, { generator: generator(5) }),
      new Linear(units, 3),
    ]);
    const parameters = model.parameters();
    const step = compile((x) => {
      const loss = model.forward(x, training).square().mean();
      gradients(loss, parameters).forEach((gradient, i) => {
        parameters[i].assign(parameters[i].sub(gradient.mul(0.1)));
      });
      return loss;
    });
    return step.program(ones([batch, inputs]));
  };

  /** What one step keeps of the size of the hidden layer, by dtype. */
  const buffersOf = ({ buffers }: Program): string[] =>
    buffers
      .filter(({ role, length }) => role === 'intermediate' && length === batch * units)
      .map(({ dtype }) => dtype)
      .sort();

  it('stores no mask: with dropout it keeps the buffers it keeps without', () => {
    expect(buffersOf(build(0.5))).toEqual(buffersOf(build(0)));
    expect(buffersOf(build(0.5))).not.toContain('bool');
  });

  it('gives the numbers it gives without compile, forwards and backwards', () => {
    const weight = ones([4, 6]);
    const pass = (x = variable(ones([5, 6]))): readonly [number[], number[]] => {
      const y = new Dropout(0.4, { generator: generator(9) }).forward(x.matmul(weight.transpose()), training);
      return [[...y.dataSync()], [...gradients(y.square().sum(), [x])[0].dataSync()]];
    };
    const compiled = compile((x) => {
      const y = new Dropout(0.4, { generator: generator(9) }).forward(x.matmul(weight.transpose()), training);
      return [y, ...gradients(y.square().sum(), [x])];
    });
    expect(compiled(ones([5, 6])).map((each) => [...each.dataSync()])).toEqual(pass());
  });
});
