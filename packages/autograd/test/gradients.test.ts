import { describe, expect, test } from 'vitest';
import {
  compile,
  DTypeError,
  ShapeError,
  stopGradient,
  tensor,
  variable,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { GradientError, gradients } from '../src/index.js';

describe('gradients of assigned variables', () => {
  test('a variable means the version the loss was computed from', () => {
    const w = variable([1, 2], { name: 'w' });
    const loss = w.mul(w).sum();
    w.assign(tensor([10, 20]));
    expect(gradients(loss, [w])[0].toArray()).toEqual([2, 4]);
  });

  test('two versions are an error that names the variable', () => {
    const w = variable([1, 2], { name: 'weight' });
    const before = w.mul(3);
    w.assign(tensor([10, 20]));
    const loss = before.mul(w).sum();
    expect(() => gradients(loss, [w])).toThrow(GradientError);
    expect(() => gradients(loss, [w])).toThrow(/2 versions of variable 'weight'/);
    expect(() => gradients(loss, [w], { unused: 'zero' })).toThrow(/2 versions of variable 'weight'/);
  });

  test('one of two versions can be had by its tensor', () => {
    const w = variable([1, 2]);
    const old = w.value;
    w.assign(tensor([10, 20]));
    expect(gradients(old.mul(w).sum(), [old])[0].toArray()).toEqual([10, 20]);
    expect(gradients(old.mul(w).sum(), [w.value])[0].toArray()).toEqual([1, 2]);
  });

  test('a version through which no gradient flows does not count', () => {
    const w = variable([1, 2]);
    const anchor = stopGradient(w);
    w.assign(tensor([10, 20]));
    expect(gradients(w.sub(anchor).square().sum(), [w])[0].toArray()).toEqual([18, 36]);
  });

  test('no version is an error that names the variable', () => {
    const [w, other] = [variable([1, 2]), variable([3], { name: 'other' })];
    const loss = w.sum();
    expect(() => gradients(loss, [w, other])).toThrow(GradientError);
    expect(() => gradients(loss, [w, other])).toThrow(
      /does not depend on variable 'other', float32 of shape \[1\]/,
    );
    expect(gradients(loss, [w, other], { unused: 'zero' }).map((each) => each.toArray())).toEqual([
      [1, 1],
      [0],
    ]);
  });

  test('no gradient flows through an assignment', () => {
    const [a, b] = [variable([1, 2], { name: 'a' }), variable([0, 0])];
    b.assign(a.mul(5));
    const loss = b.mul(b).sum();
    expect(gradients(loss, [b])[0].toArray()).toEqual([10, 20]);
    expect(() => gradients(loss, [a])).toThrow(/'a'/);
  });

  test('the same holds while a function is traced', () => {
    const [a, b] = [variable([1, 2], { name: 'a' }), variable([0, 0], { name: 'b' })];
    const step = compile((factor: Tensor) => {
      b.assign(a.mul(factor));
      const loss = b.mul(b).sum();
      expect(() => gradients(loss, [a])).toThrow(/does not depend on variable 'a'/);
      return gradients(loss, [b])[0];
    });
    expect(step(tensor(5)).toArray()).toEqual([10, 20]);
    const mixed = compile(() => {
      const old = a.mul(2);
      a.assign(tensor([7, 7]));
      return gradients(old.mul(a).sum(), [a])[0];
    });
    expect(() => mixed()).toThrow(/2 versions of variable 'a'/);
    expect(a.toArray()).toEqual([1, 2]);
  });
});

test('reading the loss first changes nothing', () => {
  const w = variable([1, 2]);
  const loss = w.mul(w).sum();
  expect(loss.item()).toBe(5);
  expect(gradients(loss, [w])[0].toArray()).toEqual([2, 4]);
});

test('a compiled step gives the gradients that the same code gives uncompiled', () => {
  const w = variable([0.5, -2]);
  const gradientOf = (x: Tensor): Tensor => gradients(w.mul(x).tanh().sum(), [w])[0];
  const x = tensor([3, 4]);
  const compiled = compile(gradientOf)(x).dataSync();
  const plain = gradientOf(x).dataSync();
  compiled.forEach((value, i) => {
    expect(value).toBeCloseTo(plain[i], 6);
  });
});

test('a tensor used in several places gets the sum of its gradients, wherever it stands in wrt', () => {
  const x = tensor([2, 3]);
  const y = x.mul(x);
  const [byY, byX, again] = gradients(y.add(x).add(y).sum(), [y, x, x]);
  expect(byY.toArray()).toEqual([2, 2]);
  expect(byX.toArray()).toEqual([9, 13]);
  expect(again.toArray()).toEqual([9, 13]);
});

test('the gradient of the loss by itself is 1', () => {
  const loss = tensor(3);
  expect(gradients(loss, [loss])[0].item()).toBe(1);
});

test('gradients have the dtype of what they are gradients by', () => {
  const [narrow, wide] = [tensor([1, 2]), tensor([3, 4], { dtype: 'float64' })];
  const both = gradients(narrow.mul(wide).sum(), [narrow, wide]);
  expect(both.map(({ dtype }) => dtype)).toEqual(['float32', 'float64']);
  expect(both.map((each) => each.toArray())).toEqual([
    [3, 4],
    [1, 2],
  ]);
});

test('nothing flows through stopGradient', () => {
  const x = tensor([1, 2]);
  expect(gradients(stopGradient(x.square()).mul(x).sum(), [x])[0].toArray()).toEqual([1, 4]);
  expect(() => gradients(stopGradient(x).sum(), [x])).toThrow(/operations without a derivative/);
});

test('rounding has no derivative, and says so', () => {
  const x = tensor([1.2]);
  expect(() => gradients(x.round().sum(), [x])).toThrow(GradientError);
  expect(gradients(x.floor().mul(x).sum(), [x])[0].toArray()).toEqual([1]);
});

test('a seed makes the loss any tensor', () => {
  const x = tensor([1, 2, 3]);
  expect(gradients(x.square(), [x], { seed: tensor([1, 0, -1]) })[0].toArray()).toEqual([2, 0, -6]);
  expect(() => gradients(x.square(), [x], { seed: tensor([1]) })).toThrow(
    /seed must be like the loss.*\[3\].*\[1\]/,
  );
});

test('a loss that is no scalar, and wrong dtypes, are errors that say what to do', () => {
  const x = tensor([1, 2]);
  expect(() => gradients(x.square(), [x])).toThrow(ShapeError);
  expect(() => gradients(x.square(), [x])).toThrow(/must be a scalar, got shape \[2\]; use sum/);
  const labels = tensor([1, 2], { dtype: 'int32' });
  expect(() => gradients(labels.sum(), [x])).toThrow(DTypeError);
  expect(() => gradients(x.sum(), [labels])).toThrow(/wrt\[0\] is int32 of shape \[2\]/);
  expect(() => gradients(3 as unknown as Tensor, [x])).toThrow(DTypeError);
  expect(() => gradients(x.sum(), ['w' as unknown as Variable])).toThrow(
    /wrt\[0\] must be a tensor or a variable/,
  );
});

test('a graph 10,000 deep does not overflow the stack', () => {
  const x = tensor(1, { dtype: 'float64' });
  let y: Tensor = x;
  for (let i = 0; i < 10_000; i++) y = y.mul(1.0001);
  expect(gradients(y, [x])[0].item()).toBeCloseTo(1.0001 ** 10_000, 9);
});

test('empty tensors have empty gradients', () => {
  const x = tensor([], { dtype: 'float64' });
  expect(gradients(x.exp().prod(), [x])[0].toArray()).toEqual([]);
});
