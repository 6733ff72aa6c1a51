import { gradients } from '@downhill/autograd';
import { DataError, DTypeError, generator, random, ShapeError, tensor, variable } from '@downhill/tensor';
import {
  Bilinear,
  Embedding,
  GroupNorm,
  GRU,
  InstanceNorm,
  LayerNorm,
  LSTM,
  maxout,
  Maxout,
  PReLU,
  selu,
  Sequential,
} from '@downhill/layers';
import { describe, expect, it } from 'vitest';

describe('recurrent layers', () => {
  it.each([
    ['LSTM', new LSTM(3, 4)],
    ['GRU', new GRU(3, 4)],
  ] as const)('%s reads a sequence at once as it reads it step by step', (_, layer) => {
    const x = random.normal([2, 5, 3], { generator: generator(1) });
    const { output, state } = layer.run(x);
    expect(output.shape).toEqual([2, 5, 4]);
    let now = layer.start(2);
    for (let moment = 0; moment < 5; moment++) {
      now = layer.step(x.slice(undefined, moment), now as never);
      const seen = output.slice(undefined, moment).dataSync();
      now.hidden.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(seen[i], 6);
      });
    }
    expect(state.hidden.toArray()).toEqual(output.slice(undefined, -1).toArray());
  });

  it('go on from a state they are given', () => {
    const layer = new LSTM(2, 3);
    const x = random.normal([1, 6, 2], { generator: generator(2) });
    const first = layer.run(x.slice(undefined, [0, 4]));
    const second = layer.run(x.slice(undefined, [4, 6]), first.state);
    const whole = layer.forward(x).slice(undefined, [4, 6]).dataSync();
    second.output.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(whole[i], 6);
    });
  });

  it('stack in a Sequential, and see nothing of the future', () => {
    const model = new Sequential([new LSTM(2, 3), new GRU(3, 2)]);
    const x = variable(random.normal([1, 4, 2], { generator: generator(3) }));
    const [slope] = gradients(model.forward(x).slice(0, 1).sum(), [x]);
    const rows = (slope.toArray() as number[][][])[0];
    expect(rows.slice(2)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    for (const value of rows[0]) expect(value).not.toBe(0);
  });

  it('say what they expected', () => {
    const layer = new GRU(2, 3);
    expect(() => layer.forward(tensor([[1, 2]]))).toThrow('GRU(2, 3): expected [N, T, inputs]');
    expect(() => layer.forward(tensor([[[1, 2, 3]]]))).toThrow('expected [..., 2], got [1, 1, 3]');
    expect(() => layer.step(tensor([[1, 2]]), layer.start(2))).toThrow(
      'expected a state with hidden of [1, 3], got [2, 3]',
    );
    expect(() => new LSTM(0, 3)).toThrow('LSTM: expected inputs to be a whole number of at least 1, got 0');
  });
});

describe('Embedding', () => {
  it('looks words up in a table of its rows', () => {
    const layer = new Embedding(3, 2);
    layer.weight.assign(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect(layer.forward(tensor([[2], [0]], { dtype: 'int32' })).toArray()).toEqual([[[5, 6]], [[1, 2]]]);
  });

  it('refuses words outside the table, and numbers that are none', () => {
    const layer = new Embedding(3, 2);
    expect(() => layer.forward(tensor([3], { dtype: 'int32' })).dataSync()).toThrow(DataError);
    expect(() => layer.forward(tensor([1.5]))).toThrow(DTypeError);
  });
});

describe('normalization', () => {
  it('refuses shapes that do not fit, and says which', () => {
    expect(() => new LayerNorm([3, 4]).forward(tensor([[1, 2, 3, 4]]))).toThrow(
      'LayerNorm: expected [..., 3, 4], got [1, 4]',
    );
    expect(() => new LayerNorm(2).forward(tensor(1))).toThrow('got []');
    expect(() => new LayerNorm([])).toThrow('at least one axis');
    expect(() => new GroupNorm(3, 4)).toThrow('GroupNorm: 3 groups do not divide 4 channels');
    expect(() => new GroupNorm(2, 4).forward(tensor([[1, 2]]))).toThrow('with C = 4, got [1, 2]');
    expect(() => new GroupNorm(2, 2).forward(tensor([[1, 2]]))).toThrow('at least two values a group');
    expect(() => new InstanceNorm(2).forward(tensor([[[1], [2]]]))).toThrow('at least two places a channel');
  });
});

describe('Bilinear', () => {
  it('names both shapes when one does not fit', () => {
    const layer = new Bilinear(2, 3, 1);
    expect(() => layer.forward([tensor([[1, 2]]), tensor([[1, 2]])])).toThrow(ShapeError);
    expect(() => layer.forward([tensor([[1, 2]]), tensor([1, 2, 3])])).toThrow(
      'Bilinear(2, 3, 1): expected [..., 2] and [..., 3], equal in front, got [1, 2] and [3]',
    );
  });
});

describe('activations', () => {
  it('maxout takes the larger of neighbours; the gradient goes there, at a tie to the first', () => {
    const x = variable(tensor([[1, 5, 2, 2]]));
    const y = maxout(x);
    expect(y.toArray()).toEqual([[5, 2]]);
    expect(gradients(y.sum(), [x])[0].toArray()).toEqual([[0, 1, 1, 0]]);
    expect(() => new Maxout({ pieces: 3 }).forward(x)).toThrow('must be a multiple of 3 pieces long');
    expect(() => maxout(x, { axis: 2 })).toThrow(ShapeError);
  });

  it('PReLU wants as many channels as slopes', () => {
    expect(() => new PReLU({ channels: 3 }).forward(tensor([[1, 2]]))).toThrow('with C = 3');
  });

  it('SELU keeps mean 0 and variance 1 of a normal signal', () => {
    const y = selu(random.normal([100_000], { generator: generator(4) }));
    expect(y.mean().item()).toBeCloseTo(0, 1.7);
    expect(y.square().mean().item()).toBeCloseTo(1, 1.5);
  });
});
