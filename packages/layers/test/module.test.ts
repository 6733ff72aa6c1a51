import { DownhillError, ShapeError, tensor, variable, type Tensor, type Variable } from '@downhill/tensor';
import { isModule, Linear, Module, ReLU, Sequential, type ForwardOptions } from '@downhill/layers';
import { describe, expect, it } from 'vitest';

/** Fields of every kind that a module of one's own may have. */
class Block extends Module {
  readonly first = new Linear(2, 3);
  readonly branches = [new Linear(3, 3, { bias: false }), [new Linear(3, 1)]];
  readonly scale = variable(1, { name: 'scale' });
  readonly running = variable(0, { name: 'running', trainable: false });
  readonly label = 'a block';
  readonly size = 3;
  readonly absent = undefined;

  override forward(x: Tensor | Variable): Tensor {
    return this.first.forward(x).mul(this.scale);
  }
}

const NAMES = [
  'first.weight',
  'first.bias',
  'branches.0.weight',
  'branches.1.0.weight',
  'branches.1.0.bias',
  'scale',
  'running',
];

describe('Module', () => {
  it('names all variables with dots, in the order of fields', () => {
    const block = new Block();
    expect(Object.keys(block.state())).toEqual(NAMES);
    expect(block.state()['branches.1.0.bias']).toBe((block.branches[1] as Linear[])[0].bias);
  });

  it('lists trainable variables as parameters', () => {
    const block = new Block();
    const { running, ...trainable } = block.state();
    expect(running.trainable).toBe(false);
    expect(block.parameters()).toEqual(Object.values(trainable));
  });

  it('lists a shared variable once, under its first name', () => {
    class Tied extends Module {
      readonly encoder = new Linear(2, 2, { bias: false });
      readonly again = this.encoder;
      readonly tied = this.encoder.weight;
      override forward(x: Tensor | Variable): Tensor {
        return this.encoder.forward(x);
      }
    }
    expect(Object.keys(new Tied().state())).toEqual(['encoder.weight']);
  });

  it('finds its way through a module that contains itself', () => {
    class Loop extends Block {
      readonly self: Module = this;
    }
    expect(Object.keys(new Loop().state())).toEqual(NAMES);
  });

  it('names the modules in it, itself by the empty name, outer ones first', () => {
    const block = new Block();
    const modules = block.modules();
    expect(Object.keys(modules)).toEqual(['', 'first', 'branches.0', 'branches.1.0']);
    expect(modules['']).toBe(block);
    expect(modules['branches.0']).toBe(block.branches[0]);
  });

  it('is told by brand', () => {
    expect(isModule(new ReLU())).toBe(true);
    expect(isModule({ forward: () => 1 })).toBe(false);
    expect(isModule(null)).toBe(false);
  });
});

describe('Sequential', () => {
  it('names its state by place, nested under the field it stands in', () => {
    class Network extends Module {
      readonly features = new Sequential([new Linear(2, 3), new ReLU(), new Linear(3, 1)]);
      override forward(x: Tensor | Variable): Tensor {
        return this.features.forward(x);
      }
    }
    const names = ['0.weight', '0.bias', '2.weight', '2.bias'];
    expect(Object.keys(new Network().features.state())).toEqual(names);
    expect(Object.keys(new Network().state())).toEqual(names.map((name) => `features.${name}`));
  });

  it('feeds each layer with what the one before made, and tells all whether we are training', () => {
    const seen: (boolean | undefined)[] = [];
    class Add extends Module {
      override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
        seen.push(options?.training);
        return x.mul(10).add(1);
      }
    }
    const model = new Sequential([new Add(), new Add()]);
    expect(model.forward(tensor([5]), { training: true }).item()).toBe(511);
    model.forward(tensor([5]));
    expect(seen).toEqual([true, true, undefined, undefined]);
  });

  it('refuses what is not a module, and says which', () => {
    // @ts-expect-error a class is not a module
    expect(() => new Sequential([new ReLU(), ReLU])).toThrow(
      'Sequential: layer 1 is not a module but the function ReLU',
    );
    expect(() => new Sequential([])).toThrow(DownhillError);
    // @ts-expect-error layers come in an array
    expect(() => new Sequential(new ReLU(), new ReLU())).toThrow('expected an array');
  });
});

describe('Linear', () => {
  it('has weight [out, in] and bias [out], starting at 0', () => {
    const layer = new Linear(4, 3);
    expect(layer.weight.shape).toEqual([3, 4]);
    expect(layer.bias?.toArray()).toEqual([0, 0, 0]);
    expect(new Linear(4, 3, { bias: false }).parameters()).toHaveLength(1);
  });

  it('names itself and both shapes when the input does not fit', () => {
    const layer = new Linear(784, 256);
    expect(() => layer.forward(tensor([[1, 2, 3]]))).toThrow(ShapeError);
    expect(() => layer.forward(tensor([[1, 2, 3]]))).toThrow(
      'Linear(784, 256): expected [..., 784], got [1, 3]',
    );
    expect(() => layer.forward(tensor(1))).toThrow('got []');
  });

  it.each([
    [0, 2],
    [2, 1.5],
    [NaN, 2],
  ])('refuses %s inputs and %s outputs', (inputs, outputs) => {
    expect(() => new Linear(inputs, outputs)).toThrow(ShapeError);
  });

  it('takes its start from the initializer it is given', () => {
    const layer = new Linear(2, 2, {
      initializer: (shape) => tensor(new Float32Array([1, 2, 3, 4]), { shape }),
    });
    expect(layer.forward(tensor([1, 10])).toArray()).toEqual([21, 43]);
  });
});
