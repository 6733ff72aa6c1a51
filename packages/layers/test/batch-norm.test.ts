import { compile, DownhillError, generator, random, ShapeError, tensor } from '@downhill/tensor';
import { gradients } from '@downhill/autograd';
import { BatchNorm1d, BatchNorm2d, crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('batch normalization', () => {
  it('brings every channel of a batch to mean 0 and variance 1, wherever it was', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.nat(),
        (count, channels, mean, deviation, seed) => {
          const x = random.normal([count, channels, 3, 2], {
            mean,
            deviation,
            dtype: 'float64',
            generator: generator(seed),
          });
          const y = new BatchNorm2d(channels, { epsilon: 1e-12, dtype: 'float64' }).forward(x, {
            training: true,
          });
          const axis = [0, 2, 3];
          for (const value of y.mean({ axis }).dataSync()) expect(value).toBeCloseTo(0, 9);
          for (const value of y.square().mean({ axis }).dataSync()) expect(value).toBeCloseTo(1, 6);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('remembers (1 − momentum) · running + momentum · batch, with the unbiased variance', () => {
    const norm = new BatchNorm1d(1, { momentum: 0.25 });
    norm.forward(tensor([[1], [3], [8]]), { training: true }); // mean 4, squared deviations 9 + 1 + 16
    expect(norm.runningMean.item()).toBe(1); // 0.75 · 0 + 0.25 · 4
    expect(norm.runningVariance.item()).toBe(4); // 0.75 · 1 + 0.25 · 26 / 2
  });

  it('uses what it remembers when not training, and then remembers nothing new', () => {
    const norm = new BatchNorm1d(2, { epsilon: 1 });
    norm.load({
      weight: tensor([2, 1]),
      bias: tensor([0, 5]),
      runningMean: tensor([1, 0]),
      runningVariance: tensor([3, 8]),
    });
    expect(norm.forward(tensor([[5, 6]])).toArray()).toEqual([[4, 7]]); // (5 − 1) / 2 · 2, 6 / 3 + 5
    expect(norm.runningMean.toArray()).toEqual([1, 0]);
  });

  it('moves its running statistics with a compiled step, once a call', () => {
    const norm = new BatchNorm1d(1, { momentum: 0.5 });
    const step = compile((x) => norm.forward(x, { training: true }));
    const x = tensor([[2], [6]]);
    expect(step.program(x).kernels.length).toBeGreaterThan(0);
    expect(norm.runningMean.item()).toBe(0);
    step(x);
    step(x);
    expect(norm.runningMean.item()).toBe(3);
  });

  it('trains at a learning rate at which the same network without it diverges', () => {
    /** The losses of a network of six layers that learns which of two spirals a point lies on. */
    const train = (normalized: boolean, learningRate: number): number[] => {
      const source = generator(11);
      const widths = [2, 32, 32, 32, 32, 32];
      const hidden = widths.slice(1).flatMap((width, i) => {
        const linear = new Linear(widths[i], width, { generator: source });
        return normalized ? [linear, new BatchNorm1d(width), new ReLU()] : [linear, new ReLU()];
      });
      const model = new Sequential([...hidden, new Linear(32, 2, { generator: source })]);
      const parameters = model.parameters();
      const step = compile((x, labels) => {
        const loss = crossEntropy(model.forward(x, { training: true }), labels);
        gradients(loss, parameters).forEach((gradient, i) => {
          parameters[i].assign(parameters[i].sub(gradient.mul(learningRate)));
        });
        return loss;
      });
      const points = Array.from({ length: 128 }, (_, i) => {
        const [angle, turn] = [(i / 128) * 6, (i % 2) * Math.PI];
        return [angle * Math.cos(angle + turn), angle * Math.sin(angle + turn)];
      });
      const labels = tensor(
        points.map((_, i) => i % 2),
        { dtype: 'int32' },
      );
      return Array.from({ length: 60 }, () => step(tensor(points), labels).item());
    };
    expect(train(false, 2)[59]).toBeNaN();
    expect(train(true, 2)[59]).toBeLessThan(0.1);
    // It is the rate: at a smaller one the plain network learns too.
    const slow = train(false, 0.05);
    expect(slow[59]).toBeLessThan(0.8 * slow[0]);
  });

  it('keeps parameters for the optimizer and buffers for the checkpoint', () => {
    const norm = new BatchNorm2d(3);
    expect(Object.keys(norm.state())).toEqual(['weight', 'bias', 'runningMean', 'runningVariance']);
    expect(norm.parameters()).toEqual([norm.weight, norm.bias]);
  });

  it('refuses to train on one value a channel, and says why', () => {
    const norm = new BatchNorm1d(2);
    expect(() => norm.forward(tensor([[1, 2]]), { training: true })).toThrow(ShapeError);
    expect(() => norm.forward(tensor([[1, 2]]), { training: true })).toThrow(
      'BatchNorm1d(2): training wants at least two values a channel, got [1, 2]',
    );
    expect(norm.runningMean.toArray()).toEqual([0, 0]);
    expect(norm.forward(tensor([[1, 2]])).shape).toEqual([1, 2]);
    // One image has many values a channel.
    expect(
      new BatchNorm2d(1).forward(tensor([1, 2], { shape: [1, 1, 2, 1] }), { training: true }).shape,
    ).toEqual([1, 1, 2, 1]);
  });

  it('names the layout and the shape when they do not fit', () => {
    expect(() => new BatchNorm2d(3).forward(tensor([[1, 2, 3]]))).toThrow(
      'BatchNorm2d(3): expected [N, C, H, W] with C = 3, got [1, 3]',
    );
    expect(() => new BatchNorm1d(3).forward(tensor([[1, 2]]))).toThrow(
      'BatchNorm1d(3): expected [N, C] or [N, C, L] with C = 3, got [1, 2]',
    );
  });

  it.each([
    [() => new BatchNorm1d(0), 'expected features to be a whole number of at least 1, got 0'],
    [() => new BatchNorm1d(2, { momentum: 1.5 }), 'expected a momentum from 0 to 1, got 1.5'],
    [() => new BatchNorm1d(2, { epsilon: 0 }), 'expected an epsilon above 0, got 0'],
    [() => new BatchNorm1d(2, { epsilon: NaN }), 'expected an epsilon above 0, got NaN'],
  ])('refuses options out of range: %s', (make, message) => {
    expect(make).toThrow(DownhillError);
    expect(make).toThrow(message);
  });
});
