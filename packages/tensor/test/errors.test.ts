import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  add,
  BackendError,
  cast,
  compile,
  concat,
  DataError,
  DisposedError,
  DownhillError,
  DTypeError,
  einsum,
  expand,
  full,
  generator,
  getBackend,
  iota,
  matmul,
  oneHot,
  ones,
  pad,
  portable,
  random,
  reshape,
  setBackend,
  ShapeError,
  stack,
  sum,
  take,
  tensor,
  TraceError,
  variable,
  where,
  windows,
  zeros,
  type Backend,
  type Shape,
  type Tensor,
} from '@downhill/tensor';
import { afterEach, describe, expect, it, vi } from 'vitest';

/** The library must go on working after every error: eager, with variables, and compiled. */
afterEach(() => {
  const weight = variable([1, 2]);
  weight.assign(weight.mul(2));
  const step = compile((x: Tensor) => {
    weight.assign(weight.add(x));
    return weight.sum();
  });
  expect(step(tensor([1, 1])).item()).toBe(8);
  expect(weight.toArray()).toEqual([3, 5]);
});

/** An error of exactly this class, with a message that holds all of `parts`. */
function expectError(action: () => unknown, kind: new (message: string) => Error, ...parts: string[]): void {
  let caught: unknown;
  try {
    action();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(kind);
  expect(caught).toBeInstanceOf(DownhillError);
  const { message, name } = caught as Error;
  expect(name).toBe(kind.name);
  for (const part of parts) expect(message).toContain(part);
}

/** What JavaScript callers can pass and TypeScript would refuse. */
function untyped<T>(value: unknown): T {
  return value as T;
}

describe('wrong shapes', () => {
  const [a, b] = [zeros([2, 3]), zeros([4, 5])];

  it('name the operation, both shapes and the axis at the line that made them', () => {
    expectError(() => add(a, b), ShapeError, 'add', '[2, 3]', '[4, 5]', 'equal or 1');
    expectError(() => a.maximum(zeros([2])), ShapeError, 'maximum', '[2, 3]', '[2]');
    expectError(() => matmul(a, b), ShapeError, 'matmul', '[2, 3]', '[4, 5]', '3', '4');
    expectError(() => matmul(a, 2), ShapeError, 'matmul', '[]', 'use mul');
    expectError(() => where(a, b, 0), ShapeError, 'where', '[2, 3]', '[4, 5]');
    expectError(() => reshape(a, [4, 2]), ShapeError, 'reshape', '[2, 3]', '[4, 2]');
    expectError(() => expand(a, [5, 3]), ShapeError, 'expand', '[2, 3]', '[5, 3]');
    expectError(() => concat([a, b]), ShapeError, 'concat', '[2, 3]', '[4, 5]');
    expectError(() => stack([a, b]), ShapeError, 'stack', '[2, 3]', '[4, 5]');
    expectError(() => einsum('ij,jk->ik', a, b), ShapeError, 'einsum', "'j'", '3', '4', '[4, 5]');
    expectError(() => a.sum({ axis: 2 }), ShapeError, 'sum', 'axis 2', 'rank 2');
    expectError(() => a.permute([0, 0]), ShapeError, 'permute');
    expectError(() => a.slice([0, 1], [0, 1], [0, 1]), ShapeError, 'slice', '[2, 3]');
    expectError(() => windows(a, untyped({ axes: [0], size: [2, 2] })), ShapeError, 'windows');
    expectError(() => pad(a, untyped([[1, 1]])), ShapeError, 'pad', '[2, 3]');
    expectError(() => a.item(), ShapeError, 'item', '[2, 3]', 'toArray()');
    expectError(
      () => tensor([1, 2, 3], { shape: [2, 2] }),
      ShapeError,
      'tensor',
      '3 elements',
      '[2, 2]',
      '4',
    );
  });

  it('name the variable that was assigned, which keeps its value', () => {
    const weight = variable([1, 2], { name: 'encoder.weight' });
    expectError(
      () => {
        weight.assign(tensor([1, 2, 3]));
      },
      ShapeError,
      'assign to encoder.weight',
      '[2]',
      '[3]',
    );
    expect(weight.toArray()).toEqual([1, 2]);
  });

  it('inside a compiled function leave variables as they were, and the next call works', () => {
    const weight = variable([1, 2]);
    const step = compile((x: Tensor) => {
      weight.assign(weight.mul(3));
      return add(weight, x);
    });
    expectError(() => step(tensor([1, 2, 3])), ShapeError, 'add', '[2]', '[3]');
    expect(weight.toArray()).toEqual([1, 2]);
    expect(step(tensor([1, 1])).toArray()).toEqual([4, 7]);
  });
});

describe('NaN and other numbers that are no shape', () => {
  const makers: [string, (extent: number) => unknown][] = [
    ['zeros', (extent) => zeros([2, extent])],
    ['full', (extent) => full([extent], 1)],
    ['tensor', (extent) => tensor([1, 2], { shape: [extent] })],
    ['reshape', (extent) => reshape(ones([4]), [2, extent])],
    ['expand', (extent) => expand(ones([1]), [extent])],
    ['iota', (extent) => iota(extent)],
    ['random.uniform', (extent) => random.uniform([extent])],
    ['random.normal', (extent) => random.normal([extent])],
    ['random.permutation', (extent) => random.permutation(extent)],
    ['pad', (extent) => pad(ones([2]), [[extent, 0]])],
    ['slice', (extent) => ones([4]).slice([0, 4, extent])],
    ['windows', (extent) => windows(ones([4]), untyped({ axes: [0], size: [extent] }))],
    ['sum', (extent) => sum(ones([4]), { axis: extent })],
  ];
  for (const [name, make] of makers) {
    it(name, () => {
      for (const wrong of [NaN, 1.5, Infinity])
        expectError(() => make(wrong), ShapeError, name, String(wrong));
    });
  }

  it('a shape that is no array', () => {
    expectError(() => zeros(untyped<Shape>(3)), ShapeError, 'zeros', 'an array of whole numbers', '3');
    expectError(() => zeros(untyped<Shape>(undefined)), ShapeError, 'zeros', 'undefined');
    expectError(() => zeros([-1]), ShapeError, 'zeros', '[-1]');
    expectError(() => zeros([65536, 65536]), ShapeError, 'zeros', '[65536, 65536]', '2147483647');
  });

  it('a view that is larger than what can be stored, when it is to be stored', () => {
    const view = tensor([1, 2, 3]).unsqueeze([1, 2]).expand([3, 65536, 65536]);
    expect(view.slice(1, 65535, 7).item()).toBe(2);
    expectError(() => view.dataSync(), ShapeError, 'cannot be stored', '12884901888', '2147483647');
    expectError(() => view.expand([-1, 65536, 65536]), ShapeError, 'expand', '[-1, 65536, 65536]');
  });
});

describe('ragged nested arrays', () => {
  it('say where', () => {
    expectError(
      () => tensor([[1, 2], [3]]),
      ShapeError,
      'tensor',
      'ragged',
      'length 2 at data[1]',
      'length 1',
    );
    expectError(() => tensor([[1, 2], 3]), ShapeError, 'ragged', 'length 2 at data[1]', 'got 3');
    expectError(() => tensor([1, [2, 3]]), ShapeError, 'ragged', 'a number at data[1]', 'got length 2');
    expectError(
      () =>
        tensor([
          [[1], [2]],
          [[3], []],
        ]),
      ShapeError,
      'ragged',
      'data[1][1]',
      'length 0',
    );
  });

  it('as do elements that are no numbers', () => {
    expectError(() => tensor(untyped([1, 'two'])), DTypeError, 'tensor', 'data[1]', 'got "two"');
    expectError(() => tensor(untyped([[1], [null]])), DTypeError, 'data[1][0]', 'null');
    expectError(() => tensor(untyped(undefined)), DTypeError, 'tensor', 'undefined');
    expectError(() => tensor(untyped([1, , 3])), DTypeError, 'data[1]', 'undefined');
  });
});

describe('wrong dtypes', () => {
  it('name what came and what to do', () => {
    expectError(() => zeros([2], { dtype: untyped('float16') }), DTypeError, 'zeros', 'float32', 'float16');
    expectError(() => cast(ones([2]), untyped('string')), DTypeError, 'cast', 'string');
    expectError(
      () => tensor([1, 2.5], { dtype: 'int32' }),
      DTypeError,
      'element 1',
      '2.5',
      'int32',
      'round or clip',
    );
    expectError(() => tensor([256], { dtype: 'uint8' }), DTypeError, '256', '0 to 255');
    expectError(() => tensor([NaN], { dtype: 'int32' }), DTypeError, 'NaN', 'int32');
    expectError(
      () => take(ones([3]), tensor([0, 1])),
      DTypeError,
      'take',
      'int32',
      'float32',
      "cast('int32')",
    );
    expectError(() => oneHot(tensor([0.5]), 3), DTypeError, 'oneHot', 'float32');
    expectError(() => random.uniform([2], { dtype: 'int32' }), DTypeError, 'random.uniform', 'int32');
    expectError(() => generator(-1), DTypeError, 'generator', '-1');
    expectError(() => generator(0.5), DTypeError, 'generator', '0.5');
  });

  it('operands that are no tensors', () => {
    expectError(() => add(ones([2]), untyped([1, 2])), DTypeError, 'add', 'got Array', 'tensor(...)');
    expectError(() => matmul(ones([2]), untyped('x')), DTypeError, 'matmul', 'x');
    expectError(() => ones([2]).mul(untyped(undefined)), DTypeError, 'mul', 'undefined');
    expectError(() => ones([2]).mul(untyped(null)), DTypeError, 'mul', 'null');
  });

  it('typed arrays that stand for no dtype', () => {
    for (const data of [
      new Int16Array(2),
      new BigInt64Array(2),
      new Uint8ClampedArray(2),
      new DataView(new ArrayBuffer(2)),
    ]) {
      expectError(() => tensor(untyped(data)), DTypeError, 'tensor', data.constructor.name, 'Int32Array');
    }
  });

  it('of what is assigned: nothing is cast silently', () => {
    const count = variable(tensor(3, { dtype: 'int32' }), { name: 'count' });
    expectError(
      () => {
        count.assign(tensor(2));
      },
      DTypeError,
      'assign to count',
      'int32',
      'float32',
      'cast',
    );
    for (const wrong of [2.5, NaN, 2 ** 31]) {
      expectError(
        () => {
          count.assign(wrong);
        },
        DTypeError,
        'assign to count',
        'int32',
        String(wrong),
      );
    }
    expect(count.item()).toBe(3);
    count.assign(4);
    expect(count.item()).toBe(4);
    const flag = variable(tensor(true), { name: 'flag' });
    expectError(
      () => {
        flag.assign(2);
      },
      DTypeError,
      'assign to flag',
      'bool',
      '2',
    );
    flag.assign(0);
    expect(flag.toArray()).toBe(false);
  });

  it('arguments of compiled functions that are no values', () => {
    const step = compile((x: Tensor) => x);
    for (const wrong of [new Map(), new Float32Array(2), () => 1, Symbol('x'), 1n]) {
      expectError(
        () => step(untyped(wrong)),
        DTypeError,
        'compile',
        'expected tensors, plain values, arrays or plain objects',
      );
    }
    expectError(
      () => compile(() => untyped<Tensor>(new Date()))(),
      DTypeError,
      'the result of a compiled function',
    );
    expectError(() => compile(untyped<() => void>(ones([1]))), DTypeError, 'compile', 'expected a function');
  });
});

describe('a label out of range', () => {
  it('names the label, its place, the shape and the range', () => {
    const labels = tensor([0, 3, 1], { dtype: 'int32' });
    expectError(
      () => oneHot(labels, 3).dataSync(),
      DataError,
      'index 3',
      'place 1',
      '[3]',
      '0 to 2',
      'nothing has changed',
    );
    expectError(
      () => compile((x: Tensor) => take(ones([2, 2]), x))(tensor([-1], { dtype: 'int32' })),
      DataError,
      'index -1',
      'place 0',
      '[1]',
      '0 to 1',
    );
    expect(oneHot(labels, 4).toArray()).toEqual([
      [1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 1, 0, 0],
    ]);
  });
});

describe('reading inside a compiled function', () => {
  it('says to return the value', () => {
    const weight = variable([1, 2]);
    for (const read of [() => weight.dataSync(), () => weight.toArray(), () => weight.sum().item()]) {
      const step = compile(() => {
        weight.assign(weight.mul(5));
        read();
      });
      expectError(step, TraceError, 'inside a compiled function', 'return it and read it outside', 'where(');
    }
    expect(weight.toArray()).toEqual([1, 2]);
  });
});

describe('a variable that was disposed', () => {
  const disposed = (): ReturnType<typeof variable> => {
    const weight = variable([1, 2], { name: 'encoder.weight' });
    weight.dispose();
    return weight;
  };

  it('names itself when it is read or assigned', () => {
    const weight = disposed();
    const parts = ['encoder.weight', '[2]', 'disposed', 'build the model anew'];
    expectError(() => weight.value, DisposedError, ...parts);
    expectError(() => weight.add(1), DisposedError, ...parts);
    expectError(() => add(1, weight), DisposedError, ...parts);
    expectError(
      () => {
        weight.assign(tensor([1, 2]));
      },
      DisposedError,
      ...parts,
    );
  });

  it('fails in a function compiled before, which changes nothing else', () => {
    const weight = variable([1, 2], { name: 'encoder.weight' });
    const total = variable(5);
    const count = variable(7);
    const step = compile(() => {
      total.assign(weight.sum());
      count.assign(count.add(1));
    });
    step.program();
    weight.dispose();
    expectError(step, DisposedError, 'encoder.weight');
    expect([total.item(), count.item()]).toEqual([5, 7]);
    const reading = compile(() => total.add(count));
    expect(reading().item()).toBe(12);
  });

  it('can still be shown', () => {
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    expect(untyped<Record<symbol, () => string>>(disposed())[inspect]()).toBe(
      'variable encoder.weight (disposed)',
    );
  });
});

describe('a backend that is not there', () => {
  it('says what came', () => {
    const before = getBackend();
    expectError(
      () => {
        setBackend(untyped<Backend>(undefined));
      },
      BackendError,
      'setBackend',
      'expected a backend',
      'undefined',
    );
    expectError(
      () => {
        setBackend(untyped<Backend>(Promise.resolve(portable())));
      },
      BackendError,
      'got Promise',
      'await wasm()',
    );
    expectError(
      () => {
        setBackend(untyped<Backend>(portable));
      },
      BackendError,
      'got portable without compile',
      'await what makes one',
    );
    expectError(
      () => {
        setBackend(untyped<Backend>({ name: 'half', compile: () => undefined }));
      },
      BackendError,
      'half',
      'allocate',
    );
    expect(getBackend()).toBe(before);
  });

  it('or that cannot run a program: what was pending is not lost for it', () => {
    const inner = portable();
    const weight = variable([1, 2]);
    weight.assign(weight.add(1));
    setBackend({
      ...inner,
      name: 'no sorting',
      compile: (program) => {
        if (program.kernels.some(({ label }) => label.includes('argsort')))
          throw new BackendError('no sorting');
        return inner.compile(program);
      },
    });
    expectError(() => random.permutation(5).dataSync(), BackendError, 'no sorting');
    expect(weight.toArray()).toEqual([2, 3]);
    setBackend(portable());
  });
});

describe('two copies of the package', () => {
  const sources = fileURLToPath(new URL('../src', import.meta.url));

  it('are noticed at import, with how to mend it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'downhill-copy-'));
    try {
      cpSync(sources, folder, { recursive: true });
      const importing = import(/* @vite-ignore */ join(folder, 'index.ts'));
      await expect(importing).rejects.toThrow(/two copies of @downhill\/tensor.*npm dedupe.*overrides/);
      await expect(importing).rejects.toThrow(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are not confused with one copy that is loaded again', async () => {
    vi.resetModules();
    const again = (await import('@downhill/tensor')) as { tensor: unknown };
    expect(again.tensor).not.toBe(tensor);
  });
});
