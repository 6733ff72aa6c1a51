import {
  argsort,
  bytesPerElement,
  compile,
  countCompilations,
  cumulativeSum,
  einsum,
  foldWindows,
  generator,
  iota,
  matmul,
  portable,
  random,
  relu,
  reshape,
  setBackend,
  sum,
  takeAlongAxis,
  tensor,
  variable,
  zeros,
  type Program,
  type Tensor,
} from '@downhill/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useCountingBackend } from './counting-backend.js';

beforeEach(() => {
  useCountingBackend();
});
afterEach(() => {
  setBackend(portable());
});

const intermediates = ({ buffers }: Program): Program['buffers'] =>
  buffers.filter(({ role, length }) => role === 'intermediate' && length > 0);

const last = { axis: -1, keepDims: true } as const;

describe('signatures', () => {
  it('are shapes, dtypes and plain values: each is traced once', () => {
    const seen: string[] = [];
    const fn = compile((x: Tensor, options: { scale: number; label: string; flag?: boolean | null }) => {
      seen.push(`${x.dtype} ${x.shape.join('x')} ${JSON.stringify(options)}`);
      return x.mul(options.scale);
    });
    const call = (x: Tensor, scale: number, label: string, flag?: boolean | null): void => {
      expect(fn(x, { scale, label, flag }).toArray()).toEqual(x.mul(scale).toArray());
    };
    const calls: Parameters<typeof call>[] = [
      [tensor([1, 2]), 2, 'a'],
      [tensor([3, 4]), 2, 'a'],
      [tensor([[1, 2]]), 2, 'a'],
      [tensor([1, 2], { dtype: 'float64' }), 2, 'a'],
      [tensor([1, 2]), 3, 'a'],
      [tensor([1, 2]), 0, 'a'],
      [tensor([1, 2]), -0, 'a'],
      [tensor([1, 2]), 2, '2'],
      [tensor([1, 2]), 2, 'a', null],
      [tensor([1, 2]), 2, 'a', true],
    ];
    for (const each of [...calls, ...calls]) call(...each);
    expect(fn.traces).toBe(calls.length - 1);
    expect(seen).toHaveLength(calls.length - 1);
  });

  it('do not confuse nested values of different form', () => {
    const fn = compile((value: unknown): number => JSON.stringify(value).length);
    const values = [
      1,
      '1',
      [1],
      [[1]],
      { a: 1 },
      { a: { b: 1 }, c: 2 },
      { a: { b: 1, c: 2 } },
      [],
      {},
      [[], 1],
      [[1]],
      null,
    ];
    const expected = values.map((value) => JSON.stringify(value).length);
    expect(values.map((value) => (fn as (value: unknown) => number)(value))).toEqual(expected);
    expect(fn.traces).toBe(values.length - 1);
  });

  it('take a variable for itself', () => {
    const [a, b] = [variable(1), variable(10)];
    const increment = compile((cell: typeof a) => {
      cell.assign(cell.add(1));
      return cell.value;
    }) as (cell: typeof a) => Tensor;
    expect([increment(a), increment(b), increment(a)].map((each) => each.item())).toEqual([2, 11, 3]);
  });
});

describe('arguments and results', () => {
  it('may be nested', () => {
    const fn = compile((batch: { images: Tensor; parts: [Tensor, Tensor]; name: string }) => ({
      total: sum(batch.images),
      list: [batch.parts[1], [batch.parts[0].add(1)]],
      name: batch.name,
      nothing: undefined,
    }));
    const result = fn({ images: tensor([1, 2]), parts: [tensor(3), tensor(4)], name: 'train' });
    expect(result.total.item()).toBe(3);
    expect((result.list[0] as Tensor).item()).toBe(4);
    expect((result.list[1] as Tensor[])[0].item()).toBe(4);
    expect([result.name, result.nothing]).toEqual(['train', undefined]);
  });

  it('may be the same tensor several times, or one that was not touched', () => {
    const outer = tensor([7, 8]);
    const fn = compile((x: Tensor) => {
      const y = x.mul(2);
      return [x, y, y, outer, zeros([2]), iota(2)];
    });
    expect(fn(tensor([1, 2])).map((each) => each.toArray())).toEqual([
      [1, 2],
      [2, 4],
      [2, 4],
      [7, 8],
      [0, 0],
      [0, 1],
    ]);
  });

  it('may be lazy, and are computed first', () => {
    const x = tensor([1, 2]).mul(3);
    expect(compile((y: Tensor) => y.add(1))(x).toArray()).toEqual([4, 7]);
    expect(compile(() => undefined)()).toBeUndefined();
  });

  it('the same code gives the same numbers without compile', () => {
    const run = (wrap: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): number[] => {
      const source = generator(5);
      const weight = variable(random.normal([6, 4], { generator: source }));
      const velocity = variable(zeros([6, 4]));
      const step = wrap((x) => {
        const keep = random.bernoulli([8, 4], { generator: source });
        const error = matmul(x, weight).mul(keep).tanh().sub(0.5);
        velocity.assign(velocity.mul(0.9).add(matmul(x.transpose(), error).mul(0.1)));
        weight.assign(weight.sub(velocity));
        return error.square().mean();
      });
      return Array.from({ length: 10 }, () => step(random.normal([8, 6], { generator: source })).item());
    };
    const uncompiled = run((fn) => fn);
    expect(run(compile)).toEqual(uncompiled);
    expect(new Set(uncompiled).size).toBe(10);
  });
});

describe('in-place updates', () => {
  it('keep the storage of variables from call to call', () => {
    const backend = useCountingBackend();
    const weight = variable([1, 2, 3]);
    const step = compile((x: Tensor) => {
      weight.assign(weight.sub(x));
    });
    for (let i = 0; i < 10; i++) step(tensor([1, 1, 1]));
    expect(weight.toArray()).toEqual([-9, -8, -7]);
    expect([backend.allocated, backend.freed, backend.written]).toEqual([1, 0, 1]);
  });

  it('read and write one resident, with nothing in between', () => {
    const weight = variable(zeros([1000]));
    const program = compile((x: Tensor) => {
      weight.assign(weight.sub(x));
    }).program(zeros([1000]));
    expect(program.residents).toBe(1);
    expect(intermediates(program)).toEqual([]);
    expect(program.outputs).toEqual([]);
  });
});

describe('fusion', () => {
  it('x * a + b and a relu are one kernel', () => {
    const affine = compile((x: Tensor, a: Tensor, b: Tensor) => relu(x.mul(a).add(b)));
    const program = affine.program(zeros([8, 16]), zeros([16]), zeros([8, 1]));
    expect(program.kernels.map(({ label }) => label)).toEqual(['mul add maximum']);
    expect(intermediates(program)).toEqual([]);
  });

  it('a matmul with bias and relu is one kernel', () => {
    const weight = variable(zeros([32, 16]));
    const bias = variable(zeros([16]));
    const program = compile((x: Tensor) => relu(matmul(x, weight).add(bias))).program(zeros([8, 32]));
    expect(program.kernels).toHaveLength(1);
    expect(intermediates(program)).toEqual([]);
  });

  it('each kernel tells which nodes of the graph it computes, and all are computed somewhere', () => {
    const [first, second] = [32, 16].map((rows) => variable(zeros([rows, 16])));
    const { graph, kernels } = compile((x: Tensor) => {
      const scores = matmul(relu(matmul(x, first)), second);
      first.assign(first.mul(0.5));
      return { scores, order: argsort(scores), total: cumulativeSum(scores, { axis: 1 }) };
    }).program(zeros([8, 32]));
    const named = (name: string) =>
      graph.nodes.flatMap(({ operation }, id) => (operation.name === name ? [id] : []));
    const computing = (node: number) => kernels.flatMap(({ nodes }, i) => (nodes.includes(node) ? [i] : []));
    const [one, two] = named('sum').map(computing);
    expect(named('maximum').map(computing)).toEqual([one]);
    expect(one).toHaveLength(1);
    expect(two).toHaveLength(1);
    expect(two).not.toEqual(one);
    const reached = new Set([...graph.outputs, ...graph.assignments.map(({ node }) => node)]);
    for (const node of reached) for (const input of graph.nodes[node].inputs) reached.add(input);
    const computed = [...reached].filter((node) => graph.nodes[node].inputs.length > 0);
    expect(computed.filter((node) => computing(node).length === 0)).toEqual([]);
  });

  it('each layer of a network is one kernel that stores its result once', () => {
    const weights = [32, 16, 16].map((columns) => variable(zeros([columns, 16])));
    const program = compile((x: Tensor) => weights.reduce((y, weight) => relu(matmul(y, weight)), x)).program(
      zeros([8, 32]),
    );
    expect(program.kernels).toHaveLength(3);
    expect(intermediates(program).map(({ length }) => length)).toEqual([8 * 16, 8 * 16]);
  });

  it('an Adam update of one parameter is one kernel', () => {
    const [weight, mean, square] = [0, 1, 2].map(() => variable(zeros([100])));
    const update = compile((gradient: Tensor) => {
      const m = mean.mul(0.9).add(gradient.mul(0.1));
      const v = square.mul(0.999).add(gradient.square().mul(0.001));
      weight.assign(weight.sub(m.div(v.sqrt().add(1e-8)).mul(0.01)));
      mean.assign(m);
      square.assign(v);
    });
    const program = update.program(zeros([100]));
    expect(program.kernels).toHaveLength(1);
    expect(intermediates(program)).toEqual([]);
    update(tensor(new Float32Array(100).fill(2)));
    // By hand: m = 0.2, v = 0.004, w = -0.01 * 0.2 / sqrt(0.004).
    expect(weight.dataSync()[99]).toBeCloseTo(-0.0316228, 6);
  });

  it('a softmax over rows is one kernel', () => {
    const softmax = compile((x: Tensor) => {
      const raised = x.sub(x.max(last)).exp();
      return raised.div(raised.sum(last));
    });
    expect(softmax.program(zeros([8, 10])).kernels).toHaveLength(1);
    const [row] = softmax(tensor([[0, Math.log(3)]])).toArray() as number[][];
    expect(row[0]).toBeCloseTo(0.25, 6);
    expect(row[1]).toBeCloseTo(0.75, 6);
  });

  it('softmax and cross-entropy are one kernel over rows and one for the mean', () => {
    const crossEntropy = compile((logits: Tensor, labels: Tensor) => {
      const shifted = logits.sub(logits.max(last));
      const logarithms = shifted.sub(shifted.exp().sum(last).log());
      return takeAlongAxis(logarithms, labels.reshape([-1, 1]), { axis: -1 })
        .mean()
        .neg();
    });
    const labels = tensor([1, 0], { dtype: 'int32' });
    const program = crossEntropy.program(zeros([2, 10]), labels);
    expect(program.kernels.length).toBeLessThanOrEqual(2);
    // Nothing of the size of the logits is stored.
    expect(intermediates(program).every(({ length }) => length <= 2)).toBe(true);
    expect(crossEntropy(zeros([2, 10]), labels).item()).toBeCloseTo(Math.log(10), 6);
  });

  it('a dropout mask is drawn again where it is used again, and never stored', () => {
    const source = generator(1);
    const weight = variable(zeros([32, 16]));
    const step = compile((x: Tensor, above: Tensor) => {
      const keep = random.bernoulli([8, 32], { probability: 0.5, generator: source });
      const y = matmul(x.mul(keep), weight);
      return [y, matmul(above, weight.transpose()).mul(keep)];
    });
    const program = step.program(zeros([8, 32]), zeros([8, 16]));
    // The only thing of the mask's size is x, masked, which the product reads.
    const large = intermediates(program).filter(({ length }) => length >= 8 * 32);
    expect(large.map(({ dtype, length }) => [dtype, length])).toEqual([['float32', 8 * 32]]);
    expect(program.kernels.filter(({ label }) => label.includes('random'))).toHaveLength(2);
    weight.assign(zeros([32, 16]).add(1));
    const [, back] = step(zeros([8, 32]), zeros([8, 16]).add(1));
    const kept = random.bernoulli([8, 32], { probability: 0.5, generator: generator(1) });
    expect(back.dataSync()).toEqual(kept.mul(16).cast('float32').dataSync());
  });
});

describe('the arena', () => {
  it('is used again when what lay in it is no longer needed', () => {
    const weight = variable(zeros([16, 16]));
    const program = compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 6; i++) y = relu(matmul(y, weight));
      return y;
    }).program(zeros([64, 16]));
    const bytes = intermediates(program).reduce(
      (total, { length, dtype }) => total + length * bytesPerElement(dtype),
      0,
    );
    expect(bytes).toBe(5 * 64 * 16 * 4);
    expect(program.arenaBytes).toBeLessThan(bytes);
  });
});

describe('explain and program', () => {
  const weight = variable(zeros([32, 16]));
  const layer = compile((x: Tensor) => relu(matmul(x, weight)));

  it('explain prints a line a kernel and totals', () => {
    const lines = layer.explain(zeros([8, 32])).split('\n');
    expect(lines[0].split(/ {2,}/)).toEqual(['kernel', 'operations', 'loops', 'flops', 'bytes']);
    const [, , loops, flops, bytes] = lines[1].split(/ {2,}/);
    expect(loops).toBe('[8, 16]');
    // A multiplication and an addition for each of 8 x 16 x 32, and a maximum for each of 8 x 16.
    expect(Number(flops)).toBe(2 * 8 * 16 * 32 + 8 * 16);
    expect(Number(bytes)).toBe(4 * (8 * 32 + 32 * 16 + 8 * 16));
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^1 kernels, 3 buffers, arena of \d+ bytes, 8320 flops, 3584 bytes touched$/);
  });

  it('run nothing, and the call that follows compiles nothing anew', () => {
    const backend = useCountingBackend();
    layer.explain(zeros([8, 32]));
    expect(backend.runs).toBe(0);
    const before = countCompilations();
    const traces = layer.traces;
    layer(zeros([8, 32]));
    // The argument is lazy: it is the only thing compiled.
    expect(countCompilations() - before).toBe(1);
    expect(layer.traces).toBe(traces);
  });

  it('the program is plain data', () => {
    const program = layer.program(zeros([8, 32]));
    const holdsOnlyData = (value: unknown): boolean => {
      if (typeof value !== 'object' || value === null) return typeof value !== 'function';
      if (value instanceof Set) return true;
      return (
        (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
        Object.values(value).every(holdsOnlyData)
      );
    };
    expect(holdsOnlyData(program)).toBe(true);
    expect(program.inputs).toMatchObject([{ shape: [8, 32], dtype: 'float32' }]);
    expect(program.outputs).toMatchObject([{ shape: [8, 16], dtype: 'float32' }]);
    expect(program.residents).toBe(1);
  });
});

describe('the adjoint of a convolution', () => {
  const adjoint = (groups: number, stride: number): Program => {
    const [count, inputs, outputs, extent, size] = [3, 8, 12, 13, 3];
    const places = Math.floor((extent - size) / stride) + 1;
    const gradient = zeros([count, groups, outputs / groups, places, places]).add(variable(1));
    const weight = variable(zeros([groups, outputs / groups, inputs / groups, size, size]));
    const geometry = { axes: [2, 3], size: [size, size], stride: [stride, stride], dilation: [1, 1] };
    const step = compile(() => {
      const sums = einsum('ngoyx,gocij->ngcyxij', gradient, weight);
      const shape = [count, inputs, places, places, size, size];
      return foldWindows(reshape(sums, shape), [count, inputs, extent, extent], geometry);
    });
    return step.program();
  };

  it.each([
    [1, 1],
    [1, 2],
    [4, 1],
    [4, 3],
  ])('of %d groups and stride %d is one contraction over a padded copy of the gradient', (groups, stride) => {
    const lengths = intermediates(adjoint(groups, stride)).map(({ length }) => length);
    // The gradient itself, and the copy: as wide as the image and a window, less what neighbours share.
    const wide = 13 + 3 - 1;
    expect(Math.max(...lengths)).toBeLessThanOrEqual(3 * 12 * wide * wide);
  });
});
