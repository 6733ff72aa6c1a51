import { gradients } from '@downhill/autograd';
import { compile, DownhillError, generator, random, tensor } from '@downhill/tensor';
import { BatchNorm1d, Linear, orthogonal, Sequential } from '@downhill/layers';
import {
  constrainMaxNorm,
  elasticNetPenalty,
  gradientNoise,
  l1Penalty,
  l2Penalty,
  namedParameters,
  orthogonalityPenalty,
} from '@downhill/regularization';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const network = (): Sequential => {
  const model = new Sequential([new Linear(2, 2), new BatchNorm1d(2), new Linear(2, 1)]);
  const { '0.weight': first, '2.weight': second, '0.bias': bias } = model.state();
  first.assign(
    tensor([
      [1, -2],
      [0, 3],
    ]),
  );
  second.assign(tensor([[4, 0]]));
  bias.assign(tensor([10, 10]));
  return model;
};

describe('penalties', () => {
  it('are over weights alone unless others are chosen', () => {
    expect(l2Penalty(network(), 0.5).item()).toBe(0.5 * (1 + 4 + 9 + 16));
    expect(l1Penalty(network(), 2).item()).toBe(2 * (1 + 2 + 3 + 4));
    expect(elasticNetPenalty(network(), { l1: 2, l2: 0.5 }).item()).toBe(35);
  });

  it('are over parameters chosen by name', () => {
    const model = network();
    const named = (choose: RegExp): number => l2Penalty(model, 1, { choose }).item();
    expect(named(/^0\.weight$/)).toBe(14);
    expect(named(/^0\.weight$/g)).toBe(14);
    expect(named(/bias/)).toBe(200);
    expect(
      l1Penalty(model, 1, { choose: (name, { rank }) => name.startsWith('2') && rank === 2 }).item(),
    ).toBe(4);
    expect(namedParameters(model, { choose: /running|^1/ })).toHaveLength(2); // running statistics are not trained
    expect(() => named(/kernel/)).toThrow(DownhillError);
    expect(() => named(/kernel/)).toThrow("picks none of the model's parameters");
    expect(() => named(/kernel/)).toThrow('0.weight, 0.bias, 1.weight, 1.bias, 2.weight, 2.bias');
  });

  it('have the gradients 2 λ w and λ sign(w)', () => {
    const model = network();
    const weight = model.state()['0.weight'];
    const slope = (loss: ReturnType<typeof l2Penalty>): unknown => gradients(loss, [weight])[0].toArray();
    expect(slope(l2Penalty(model, 0.5))).toEqual([
      [1, -2],
      [0, 3],
    ]);
    expect(slope(l1Penalty(model, 0.5))).toEqual([
      [0.5, -0.5],
      [0, 0.5],
    ]);
  });

  it('orthogonality is 0 for orthogonal weights, wide, tall or of a kernel, and ‖W Wᵀ − I‖² otherwise', () => {
    for (const [inputs, outputs] of [
      [3, 5],
      [5, 3],
      [4, 4],
    ]) {
      const layer = new Linear(inputs, outputs, { initializer: orthogonal(), generator: generator(1) });
      expect(orthogonalityPenalty(layer, 1).item()).toBeLessThan(1e-10);
    }
    // W Wᵀ of [[1, −2], [0, 3]] is [[5, −6], [−6, 9]]: 16 + 36 + 36 + 64; of [[4, 0]] it is 16, less 1.
    expect(orthogonalityPenalty(network(), 1).item()).toBe(152 + 225);
    expect(() => orthogonalityPenalty(network(), 1, { choose: /bias/ })).toThrow('has one axis and no rows');
  });

  it('refuse a negative strength', () => {
    for (const penalty of [l1Penalty, l2Penalty, orthogonalityPenalty]) {
      expect(() => penalty(network(), -1)).toThrow('expected a strength of at least 0, got -1');
    }
  });
});

describe('constrainMaxNorm', () => {
  it('shortens rows that are too long, in their direction, and leaves the others', () => {
    const model = new Sequential([new Linear(2, 3)]);
    model.state()['0.weight'].assign(
      tensor([
        [3, 4],
        [0.3, 0.4],
        [0, 0],
      ]),
    );
    constrainMaxNorm(model, 2);
    const rows = model.state()['0.weight'].toArray() as number[][];
    expect(rows[0][0]).toBeCloseTo(1.2, 6);
    expect(rows[0][1]).toBeCloseTo(1.6, 6);
    expect(rows[1]).toEqual([Math.fround(0.3), Math.fround(0.4)]);
    expect(rows[2]).toEqual([0, 0]);
  });

  it('holds after every step of a compiled function that it is part of', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 5, noNaN: true }), fc.nat(), (limit, seed) => {
        const layer = new Linear(6, 4, { generator: generator(seed) });
        const step = compile(() => {
          layer.weight.assign(layer.weight.mul(3));
          constrainMaxNorm(layer, limit);
        });
        for (let i = 0; i < 3; i++) {
          step();
          const norms = layer.weight.square().sum({ axis: 1 }).sqrt().dataSync();
          for (const norm of norms) expect(norm).toBeLessThanOrEqual(limit * (1 + 1e-5));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('refuses a limit of 0', () => {
    expect(() => constrainMaxNorm(network(), 0)).toThrow('expected a limit above 0');
  });
});

describe('gradientNoise', () => {
  it.each([
    [0, 0.3],
    [99, 0.3 / 100 ** 0.55],
  ])('at step %s has variance %s', (step, variance) => {
    const gradient = tensor(new Float32Array(50_000).fill(2));
    const [noisy] = gradientNoise([gradient], { step, variance: 0.3, generator: generator(2) });
    const errors = [...noisy.sub(gradient).dataSync()];
    const second = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
    expect(Math.abs(second / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / errors.length));
  });

  it('keeps shapes and dtypes, and takes its step from a tensor', () => {
    const given = [random.normal([2, 3], { dtype: 'float64' }), random.normal([4])];
    const noisy = gradientNoise(given, { step: tensor(3, { dtype: 'int32' }) });
    expect(noisy.map(({ shape, dtype }) => [shape, dtype])).toEqual([
      [[2, 3], 'float64'],
      [[4], 'float32'],
    ]);
    expect(() => gradientNoise(given, { step: 0, variance: -1 })).toThrow(
      'expected a variance of at least 0',
    );
  });
});
