import { ShapeError, tensor, type Tensor, type Variable } from '@downhill/tensor';
import {
  Concatenate,
  Flatten,
  Identity,
  Linear,
  Module,
  Parallel,
  ReLU,
  Residual,
  Sequential,
  type ForwardOptions,
} from '@downhill/layers';
import { describe, expect, it } from 'vitest';

/** Multiplies by a number while training, else by another. */
class Times extends Module {
  constructor(
    readonly training: number,
    readonly testing = 1,
  ) {
    super();
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    return x.mul(options?.training === true ? this.training : this.testing);
  }
}

const x = tensor([[1, 2]]);

describe('Residual', () => {
  it('adds what its body makes to x, or to what the shortcut makes of it', () => {
    expect(new Residual(new Times(1, 10)).forward(x).toArray()).toEqual([[11, 22]]);
    expect(new Residual(new Times(1, 10), { shortcut: new Times(1, -9) }).forward(x).toArray()).toEqual([
      [1, 2],
    ]);
  });

  it('tells body and shortcut whether we are training', () => {
    const block = new Residual(new Times(3), { shortcut: new Times(4) });
    expect(block.forward(x, { training: true }).toArray()).toEqual([[7, 14]]);
  });

  it('names its state body and shortcut', () => {
    const block = new Residual(new Linear(2, 2, { bias: false }), {
      shortcut: new Sequential([new Linear(2, 2)]),
    });
    expect(Object.keys(block.state())).toEqual(['body.weight', 'shortcut.0.weight', 'shortcut.0.bias']);
  });

  it('does not broadcast a body onto another shape', () => {
    expect(() => new Residual(new Linear(2, 1)).forward(x)).toThrow(ShapeError);
    expect(() => new Residual(new Linear(2, 1)).forward(x)).toThrow(
      'the body gives [1, 1] and the shortcut [1, 2]',
    );
  });
});

describe('Parallel and Concatenate', () => {
  it('feed all branches with x and put their outputs together', () => {
    const branches = [new Times(1, 2), new Times(1, 3)];
    expect(new Parallel(branches, ([a, b]) => a.mul(b)).forward(x).toArray()).toEqual([[6, 24]]);
    expect(new Concatenate(branches).forward(x).toArray()).toEqual([[2, 4, 3, 6]]);
    expect(new Concatenate(branches, { axis: 0 }).forward(x).toArray()).toEqual([
      [2, 4],
      [3, 6],
    ]);
    expect(new Concatenate(branches).forward(x, { training: true }).toArray()).toEqual([[1, 2, 1, 2]]);
  });

  it('name their state by place', () => {
    const block = new Concatenate([new Linear(2, 1, { bias: false }), new Sequential([new Linear(2, 3)])]);
    expect(Object.keys(block.state())).toEqual(['0.weight', '1.0.weight', '1.0.bias']);
  });

  it('refuse what is not a module', () => {
    // @ts-expect-error a class is not a module
    expect(() => new Concatenate([new Identity(), ReLU])).toThrow('Concatenate: layer 1 is not a module');
    expect(() => new Concatenate([])).toThrow('expected an array of at least one module');
  });
});

describe('Flatten and Identity', () => {
  it('Flatten keeps the first axis, whatever follows', () => {
    const image = tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: [2, 1, 2, 2] });
    expect(new Flatten().forward(image).toArray()).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect(new Flatten().forward(tensor([1, 2])).shape).toEqual([2, 1]);
    expect(new Flatten().forward(tensor(new Float32Array(0), { shape: [0, 3, 2] })).shape).toEqual([0, 6]);
    expect(() => new Flatten().forward(tensor(1))).toThrow('there is no axis to keep');
  });

  it('Identity gives x itself', () => {
    expect(new Identity().forward(x)).toBe(x);
  });
});
