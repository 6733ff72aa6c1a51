import { DownhillError, tensor, variable } from '@downhill/tensor';
import { BatchNorm1d, Linear, ReLU, Sequential } from '@downhill/layers';
import { describe, expect, it } from 'vitest';

const network = (): Sequential => new Sequential([new Linear(2, 3), new BatchNorm1d(3), new ReLU()]);
const saved = {
  '0.weight': tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]),
  '0.bias': tensor([7, 8, 9]),
  '1.weight': tensor([2, 2, 2]),
  '1.bias': tensor([1, 1, 1]),
  '1.runningMean': tensor([10, 20, 30]),
  '1.runningVariance': tensor([4, 4, 4]),
};

describe('Module.load', () => {
  it('takes over parameters and running statistics by name', () => {
    const model = network();
    expect(model.load(saved)).toEqual({ missing: [], leftOver: [], misshapen: [] });
    for (const [name, value] of Object.entries(model.state())) {
      expect(value.toArray()).toEqual(saved[name as keyof typeof saved].toArray());
    }
  });

  it('takes the state of another module, and keeps no tie to it', () => {
    const [from, to] = [network(), network()];
    from.load(saved);
    to.load(from.state());
    from.state()['0.bias'].assign(tensor([0, 0, 0]));
    expect(to.state()['0.bias'].toArray()).toEqual([7, 8, 9]);
  });

  it('says which names are missing, left over and misshapen, and changes nothing', () => {
    const model = network();
    const before = Object.values(model.state()).map((value) => value.toArray());
    const { '0.bias': bias, '1.bias': shift, '1.weight': scale, ...rest } = saved;
    const wrong = {
      ...rest,
      '0.bias': tensor([[7, 8, 9]]),
      '1.weight': scale.cast('float64'),
      '2.weight': bias,
      shift,
    };
    expect(() => model.load(wrong)).toThrow(DownhillError);
    expect(() => model.load(wrong)).toThrow(
      'load: the state does not fit the module: 1.bias is missing; 2.weight is left over; shift is left over; ' +
        '0.bias is float32 [1, 3], expected float32 [3]; 1.weight is float64 [3], expected float32 [3]; ' +
        'build the module as it was saved, or pass { strict: false } to load what fits',
    );
    expect(Object.values(model.state()).map((value) => value.toArray())).toEqual(before);
  });

  it('loads what fits when told so, and reports the rest', () => {
    const model = network();
    const given = { '0.weight': saved['0.weight'], '0.bias': tensor([1]), head: variable(1) };
    expect(model.load(given, { strict: false })).toEqual({
      missing: ['1.weight', '1.bias', '1.runningMean', '1.runningVariance'],
      leftOver: ['head'],
      misshapen: ['0.bias'],
    });
    expect(model.state()['0.weight'].toArray()).toEqual(saved['0.weight'].toArray());
    expect(model.state()['0.bias'].toArray()).toEqual([0, 0, 0]);
  });

  it('does not take names that objects inherit for names in the state', () => {
    expect(() => new Linear(1, 1).load({})).toThrow('weight is missing; bias is missing');
    expect(() => network().load({ ...saved, toString: tensor(1) })).toThrow('toString is left over');
  });
});
