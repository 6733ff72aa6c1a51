import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  all,
  argsort,
  check,
  compile,
  countCompilations,
  DataError,
  full,
  generator,
  hostInput,
  isFinite,
  matmul,
  oneHot,
  ones,
  onesLike,
  outsideTrace,
  pad,
  portable,
  random,
  relu,
  setBackend,
  stack,
  sum,
  take,
  tensor,
  TraceError,
  variable,
  weakScalar,
  where,
  zeros,
  zerosLike,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CountingBackend, useCountingBackend } from './counting-backend.js';

let backend: CountingBackend;
beforeEach(() => {
  // What an earlier test left pending runs now, elsewhere.
  tensor(0).add(1).item();
  backend = useCountingBackend();
});
afterEach(() => {
  setBackend(portable());
  vi.restoreAllMocks();
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('1. versions', () => {
  it('reading the loss runs one program for it and all pending assignments', () => {
    const weight = variable([2, 3], { name: 'weight' });
    const bias = variable(1, { name: 'bias' });
    const loss = weight.square().sum().add(bias);
    weight.assign(weight.sub(weight.mul(2).mul(0.25)));
    bias.assign(bias.sub(0.25));
    expect(backend.runs).toBe(0);
    expect(loss.item()).toBe(14);
    expect(backend.runs).toBe(1);
    expect(backend.runsDuring(() => expect(weight.toArray()).toEqual([1, 1.5]))).toBe(0);
    expect(bias.item()).toBe(0.75);
    expect(loss.item()).toBe(14);
    expect(backend.runs).toBe(1);
  });

  it('assigning a variable that is already pending runs it first', () => {
    const count = variable(1);
    count.assign(count.add(1));
    expect(backend.runs).toBe(0);
    count.assign(count.mul(10));
    expect(backend.runs).toBe(1);
    expect(count.item()).toBe(20);
    expect(backend.runs).toBe(2);
  });

  it('the graph never grows: 10,000 assignments keep the heap flat', () => {
    const weight = variable(new Array<number>(100).fill(1));
    const decay = (times: number): void => {
      for (let i = 0; i < times; i++) weight.assign(weight.mul(0.999));
    };
    decay(500);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    decay(10_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2e6);
    expect(weight.toArray()).toHaveLength(100);
    expect(backend.programs.length).toBeLessThan(6);
  });

  it('a trace commits its assignments when the function returns, and none when it throws', () => {
    const a = variable(1);
    const b = variable(10);
    let fails = true;
    const step = compile((x: Tensor) => {
      a.assign(a.add(x));
      const draw = random.uniform([2]);
      if (fails) throw new RangeError('changed my mind');
      b.assign(b.add(a));
      return draw.sum();
    });
    const source = random.uniform([1]).item();
    expect(source).toBeGreaterThanOrEqual(0);
    const counter = outsideTrace(() => generator(0).counter.item());
    expect(() => step(tensor(5))).toThrow('changed my mind');
    expect([a.item(), b.item(), counter]).toEqual([1, 10, 0]);
    fails = false;
    step(tensor(5));
    expect([a.item(), b.item()]).toEqual([6, 16]);
  });

  it('within a trace a variable reads as it was assigned last', () => {
    const a = variable(1);
    const step = compile(() => {
      const first = a.value;
      a.assign(a.mul(3));
      const second = a.value;
      a.assign(a.add(1));
      return [first, second, a.value];
    });
    expect(step().map((each) => each.item())).toEqual([1, 3, 4]);
    expect(step().map((each) => each.item())).toEqual([4, 12, 13]);
  });

  it('variables can change places, compiled and not', () => {
    for (const wrap of [compile, (fn: () => void) => fn]) {
      const a = variable([1, 2, 3]);
      const b = variable([4, 5, 6]);
      const swap = wrap(() => {
        const [left, right] = [a.value, b.value];
        a.assign(right);
        b.assign(left);
      });
      swap();
      expect([a.toArray(), b.toArray()]).toEqual([
        [4, 5, 6],
        [1, 2, 3],
      ]);
      swap();
      expect([a.toArray(), b.toArray()]).toEqual([
        [1, 2, 3],
        [4, 5, 6],
      ]);
    }
  });

  it('assignments that move elements do not read what they have overwritten', () => {
    for (const wrap of [compile, (fn: () => void) => fn]) {
      const a = variable([1, 2, 3, 4]);
      const turn = wrap(() => {
        a.assign(a.value.flip().add(a.sum()));
      });
      turn();
      expect(a.toArray()).toEqual([14, 13, 12, 11]);
      turn();
      expect(a.toArray()).toEqual([61, 62, 63, 64]);
    }
  });

  it('numbers that replace an initial value nobody has used are written, and zeros are there already', () => {
    const [a, b, c] = [variable(ones([2]).mul(2)), variable([3, 4]), variable(zeros([2]))];
    const old = a.value;
    a.assign(tensor([5, 6]));
    compile(() => {
      b.assign(b.add(a).add(c));
    })();
    expect([backend.written, backend.runs, backend.allocated]).toEqual([2, 1, 3]);
    expect([old, a, b, c].map((each) => each.toArray())).toEqual([
      [2, 2],
      [5, 6],
      [8, 10],
      [0, 0],
    ]);
  });

  it('any order of assignments gives what plain numbers give, compiled or not', () => {
    const statement = fc.record({
      to: fc.nat(2),
      from: fc.option(fc.nat(2)),
      add: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 8 }),
        fc.boolean(),
        fc.array(fc.nat(2), { maxLength: 3 }),
        (statements, compiled, readFirst) => {
          const plain = [1, 2, 3];
          const cells = plain.map((value) => variable([value, value]));
          for (const place of readFirst) cells[place].dataSync();
          const old = cells.map((cell) => cell.value);
          const run = (): void => {
            for (const { to, from, add } of statements)
              cells[to].assign(from === null ? tensor([add, add]) : cells[from].add(cells[to]).add(add));
          };
          for (const { to, from, add } of statements)
            plain[to] = from === null ? add : plain[from] + plain[to] + add;
          (compiled ? compile(run) : run)();
          expect(cells.map((cell) => cell.toArray())).toEqual(plain.map((value) => [value, value]));
          expect(old.map((version) => version.toArray())).toEqual([
            [1, 1],
            [2, 2],
            [3, 3],
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('2. old values stay true', () => {
  it('after uncompiled assignments', () => {
    const a = variable([1, 2]);
    const versions: Tensor[] = [];
    for (let i = 0; i < 4; i++) {
      versions.push(a.value);
      a.assign(a.mul(2));
    }
    expect(versions.map((version) => version.toArray())).toEqual([
      [1, 2],
      [2, 4],
      [4, 8],
      [8, 16],
    ]);
  });

  it('after a compiled function has overwritten the variable', () => {
    const a = variable([1, 2]);
    const double = compile(() => {
      a.assign(a.mul(2));
    });
    double();
    const old = a.value;
    const derived = old.add(100);
    double();
    double();
    expect(old.toArray()).toEqual([2, 4]);
    expect(derived.toArray()).toEqual([102, 104]);
    expect(a.toArray()).toEqual([8, 16]);
  });

  it('after a compiled function has overwritten an initial value that was never computed', () => {
    const a = variable(5);
    const initial = a.value;
    compile(() => {
      a.assign(7);
    })();
    expect([initial.item(), a.item()]).toEqual([5, 7]);
  });

  it('an old version is copied out once, and only if somebody asked for it', () => {
    const a = variable([1, 2]);
    const double = compile(() => {
      a.assign(a.mul(2));
    });
    double();
    double();
    expect(backend.reads).toBe(0);
    const old = a.value;
    double();
    double();
    expect(backend.reads).toBe(1);
    expect(old.toArray()).toEqual([4, 8]);
  });

  it('zeros and ones like a variable do not ask for what it holds', () => {
    const a = variable([[1, 2]], { name: 'a' });
    a.assign(a.mul(3));
    expect([zerosLike(a), onesLike(a)].map((each) => each.toArray())).toEqual([[[0, 0]], [[1, 1]]]);
    compile(() => {
      a.assign(a.add(1));
    })();
    expect(backend.reads).toBe(0);
  });

  it('what a compiled function returned is not touched by its next call', () => {
    const a = variable([1, 1]);
    const step = compile(() => {
      a.assign(a.add(1));
      return a.value;
    });
    const results = [step(), step(), step()];
    expect(results.map((result) => result.toArray())).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    expect(results.map((result) => result.inputs)).toEqual([[], [], []]);
  });

  it('after the variable was disposed', () => {
    const a = variable([1, 2]);
    a.assign(a.add(1));
    const old = a.value;
    a.dispose();
    expect(old.toArray()).toEqual([2, 3]);
  });

  it('after the backend was changed, with the variable moved', () => {
    const a = variable([1, 2]);
    a.assign(a.add(1));
    const old = a.value;
    expect(a.toArray()).toEqual([2, 3]);
    setBackend(portable());
    a.assign(a.add(1));
    expect(a.toArray()).toEqual([3, 4]);
    expect(old.toArray()).toEqual([2, 3]);
    expect(backend.freed).toBe(backend.allocated);
  });
});

describe('3. evaluated tensors', () => {
  it('keep their inputs and not their intermediates', () => {
    const x = tensor([1, 2]);
    const inner = x.mul(3);
    const outer = inner.sum();
    expect(outer.item()).toBe(9);
    expect(outer.inputs.length).toBeGreaterThan(0);
    // Reading what lies between runs anew: it was not kept.
    expect(backend.runsDuring(() => expect(inner.toArray()).toEqual([3, 6]))).toBe(1);
  });

  it('are computed once', () => {
    const y = tensor([1, 2]).mul(3);
    y.dataSync();
    expect(backend.runsDuring(() => y.dataSync())).toBe(0);
    expect(backend.runsDuring(() => y.add(1).dataSync())).toBe(1);
  });

  it('give copies', () => {
    const y = tensor([1, 2]).mul(3);
    y.dataSync()[0] = 99;
    expect(y.toArray()).toEqual([3, 6]);
  });
});

describe('4. tracing', () => {
  it('reading a value in a trace is an error that says what to do', () => {
    const readings: ((x: Tensor) => unknown)[] = [
      (x) => x.item(),
      (x) => x.dataSync(),
      (x) => x.toArray(),
      (x) => variable(x),
    ];
    for (const read of readings) {
      const step = compile((x: Tensor) => {
        read(x);
        return x;
      });
      expect(() => step(tensor(1))).toThrow(TraceError);
    }
    const reading = compile((x: Tensor) => tensor(x.item()));
    expect(() => reading(tensor(1))).toThrow(/inside a compiled function.*return it and read it outside/);
    expect(tensor(1).add(1).item()).toBe(2);
  });

  it('reading a variable in a trace is an error', () => {
    const a = variable(1);
    expect(() => compile(() => tensor(a.item()))()).toThrow(TraceError);
    expect(a.item()).toBe(1);
  });

  it('data() in a trace is a promise that rejects', async () => {
    let reading: Promise<unknown> = Promise.resolve();
    compile((x: Tensor) => {
      reading = x.data();
      return x;
    })(tensor(1));
    await expect(reading).rejects.toThrow(TraceError);
  });

  it('using a traced tensor after its trace is an error', () => {
    let leaked = tensor(0);
    const leak = compile((x: Tensor) => {
      leaked = x.mul(2);
      return x;
    });
    leak(tensor(1));
    expect(() => leaked.add(1)).toThrow(/made in a compiled function was used after it; return it/);
    expect(() => leaked.item()).toThrow(TraceError);
    expect(() => {
      variable(0).assign(leaked);
    }).toThrow(TraceError);
    expect(() => leak(leaked)).toThrow(TraceError);
    expect(() => compile(() => leaked)()).toThrow(TraceError);
    expect(leak(tensor(3)).item()).toBe(3);
  });

  it('shows a traced tensor without its values', () => {
    let shown = '';
    compile((x: Tensor) => {
      shown = String(x.mul(2));
      return x;
    })(tensor([1, 2]));
    expect(shown).toBe('tensor float32 [2] (mul, being traced)');
  });

  it('an async function is an error, also inside another compiled function', async () => {
    const later = compile((async (x: Tensor) => {
      await Promise.resolve();
      return x.add(1);
    }) as unknown as (x: Tensor) => Tensor);
    expect(() => later(tensor(1))).toThrow(
      /compile: expected a function that computes its result without waiting, got an async one/,
    );
    const outer = compile((x: Tensor) => {
      later(x);
      return x;
    });
    expect(() => outer(tensor(1))).toThrow(
      /compile: expected a function that computes its result without waiting, got an async one/,
    );
    await Promise.resolve();
    expect(compile((x: Tensor) => x.add(1))(tensor(1)).item()).toBe(2);
  });

  it('a variable made while tracing is made once, and survives retraces', () => {
    const velocities = new Map<Variable, Variable>();
    const velocityOf = (parameter: Variable): Variable => {
      const known = velocities.get(parameter);
      if (known !== undefined) return known;
      const made = outsideTrace(() => variable(zerosLike(parameter), { name: 'velocity' }));
      velocities.set(parameter, made);
      return made;
    };
    const weight = variable([1, 2]);
    const step = compile((gradient: Tensor) => {
      const velocity = velocityOf(weight);
      velocity.assign(velocity.mul(0.5).add(gradient));
      weight.assign(weight.sub(velocity));
    });
    step(tensor([1, 1]));
    step(tensor([1]));
    step(tensor([1, 1]));
    expect(velocities.size).toBe(1);
    expect(step.traces).toBe(2);
    // v: 1, 1.5, 1.75; w: 1 - 1 - 1.5 - 1.75
    expect(velocityOf(weight).toArray()).toEqual([1.75, 1.75]);
    expect(weight.toArray()).toEqual([-3.25, -2.25]);
  });

  it('the initial value of a variable made while tracing may read other variables', () => {
    const weight = variable([1, 2]);
    weight.assign(weight.add(1));
    let average: Variable | undefined;
    const step = compile(() => {
      average ??= variable(weight.value.mul(10), { name: 'average' });
      average.assign(average.add(weight));
      return average.value;
    });
    expect(step().toArray()).toEqual([22, 33]);
    expect(step().toArray()).toEqual([24, 36]);
  });

  it('the initial value of a variable made while tracing may be drawn', () => {
    const source = generator(3);
    const expected = random.uniform([4], { generator: generator(3) });
    let noise: Variable | undefined;
    const step = compile(() => {
      noise ??= outsideTrace(() => variable(random.uniform([4], { generator: source })));
      return [noise.value, random.uniform([4], { generator: source })];
    });
    const [first] = step();
    expect(first.toArray()).toEqual(expected.toArray());
    expect(source.counter.item()).toBe(2);
    let inside: Variable | undefined;
    const drawing = compile(() => {
      inside ??= variable(random.uniform([4], { generator: source }));
      return inside.value;
    });
    expect(drawing().toArray()).toEqual(drawing().toArray());
  });

  it('an initial value that depends on an argument is an error', () => {
    const step = compile((x: Tensor) => variable(x.mul(2)).value);
    expect(() => step(tensor(1))).toThrow(/depends on an argument/);
    const assigned = variable(0);
    const again = compile((x: Tensor) => {
      assigned.assign(x);
      return variable(assigned.value).value;
    });
    expect(() => again(tensor(1))).toThrow(/depends on an argument/);
    expect(assigned.item()).toBe(0);
  });

  it('what is assigned with the trace suspended is seen by the call', () => {
    const rate = variable(1);
    const step = compile((x: Tensor) => {
      outsideTrace(() => {
        rate.assign(5);
      });
      return x.mul(rate);
    });
    expect(step(tensor(2)).item()).toBe(10);
    expect(rate.item()).toBe(5);
    expect(step(tensor(3)).item()).toBe(15);
  });

  it('a traced tensor assigned with the trace suspended is an error, and the variable keeps its value', () => {
    const a = variable(1);
    const step = compile((x: Tensor) => {
      outsideTrace(() => {
        a.assign(x.mul(2));
      });
      return x;
    });
    expect(() => step(tensor(2))).toThrow(TraceError);
    expect(a.item()).toBe(1);
    expect(tensor(1).add(a).item()).toBe(2);
  });

  it('a compiled function called in a trace becomes part of it', () => {
    const a = variable(1);
    const inner = compile((x: Tensor) => {
      a.assign(a.add(x));
      return a.mul(2);
    });
    const outer = compile((x: Tensor) => inner(inner(x)).add(1));
    expect(outer(tensor(1)).item()).toBe(13);
    expect([inner.traces, outer.traces]).toEqual([0, 1]);
    expect(
      backend.programs.filter(({ residents, outputs }) => residents === 1 && outputs.length === 1),
    ).toHaveLength(1);
    expect(a.item()).toBe(6);
  });

  it('JavaScript loops and branches unroll', () => {
    const power = compile((x: Tensor, exponent: number) => {
      let result = ones([]);
      for (let i = 0; i < exponent; i++) result = result.mul(x);
      return result;
    });
    expect(power(tensor(2), 10).item()).toBe(1024);
    expect(power(tensor(3), 3).item()).toBe(27);
    expect(power.traces).toBe(2);
  });

  it('4,000 tensors can be put together in one expression', { timeout: 60_000 }, () => {
    const pieces = Array.from({ length: 4000 }, (_, i) => tensor([i, -i]));
    expect(stack(pieces, { axis: 1 }).toArray()).toEqual([pieces.map((_, i) => i), pieces.map((_, i) => -i)]);
  });

  it('a chain of 10,000 operations does not overflow the stack, compiled or not', () => {
    const chain = (x: Tensor): Tensor => {
      let result = x;
      for (let i = 0; i < 10_000; i++) result = result.add(1);
      return result;
    };
    expect(chain(tensor([0, 1])).toArray()).toEqual([10_000, 10_001]);
    expect(compile(chain)(tensor([0, 1])).toArray()).toEqual([10_000, 10_001]);
  });

  it('nor does a chain of 1,000 layers, shifts or reductions', () => {
    const weight = tensor([
      [0, 1],
      [1, 0],
    ]);
    let layers: Tensor = tensor([[1, 2]]);
    let shifts: Tensor = tensor([1, 2, 3]);
    let reductions: Tensor = tensor([[1], [2]]);
    for (let i = 0; i < 1000; i++) {
      layers = relu(matmul(layers, weight));
      shifts = pad(shifts.slice([1, 3]), [[0, 1]]).add(1);
      reductions = reductions.sub(reductions.mean({ axis: 0, keepDims: true }));
    }
    expect(layers.toArray()).toEqual([[1, 2]]);
    expect(shifts.toArray()).toEqual([3, 2, 1]);
    expect(reductions.toArray()).toEqual([[-0.5], [0.5]]);
  });
});

describe('5. captured values', () => {
  it('a captured tensor is a resident input, uploaded once and not folded', () => {
    const table = tensor([1, 2, 3]);
    const step = compile((x: Tensor) => x.mul(table));
    const program = step.program(tensor([1, 1, 1]));
    expect(program.residents).toBe(1);
    expect(program.inputs).toHaveLength(1);
    for (let i = 0; i < 3; i++) expect(step(tensor([1, i, 1])).toArray()).toEqual([1, 2 * i, 3]);
    expect(backend.written).toBe(1);
  });

  it('a lazy captured tensor is computed once', () => {
    const table = tensor([1, 2, 3]).mul(2);
    const step = compile((x: Tensor) => x.mul(table));
    step(tensor([1, 1, 1]));
    expect(table.value).toBeDefined();
    expect(backend.runsDuring(() => step(tensor([1, 1, 1])))).toBe(1);
  });

  it('captured scalars fold', () => {
    const scale = tensor(3);
    const step = compile((x: Tensor) => x.mul(scale).add(weakScalar(1).sub(0.75)));
    const program = step.program(tensor([1, 1]));
    expect([program.residents, program.scalars, program.inputs.length]).toEqual([0, 0, 1]);
    expect(step(tensor([1, 2])).toArray()).toEqual([3.25, 6.25]);
  });

  it('a variable is no captured value: the call sees what it holds now', () => {
    const scale = variable(3);
    const step = compile((x: Tensor) => x.mul(scale));
    expect(step(tensor(2)).item()).toBe(6);
    scale.assign(5);
    expect(step(tensor(2)).item()).toBe(10);
  });

  it('numbers that change from step to step compile nothing anew when not compiled', () => {
    const x = tensor([1, 2]);
    const before = countCompilations();
    for (let i = 0; i < 20; i++) expect(x.mul(3.5 + i).toArray()).toEqual([3.5 + i, 7 + 2 * i]);
    expect(countCompilations() - before).toBe(1);
  });

  it('numbers that look alike are kept apart', () => {
    const x = tensor([1, -1]);
    for (const wrap of [compile, (fn: (x: Tensor) => Tensor) => fn]) {
      const values = [Infinity, -Infinity, NaN, 0, -0].map((value) =>
        wrap((y: Tensor) => y.mul(value))(x).toArray(),
      );
      expect(values).toEqual([
        [Infinity, -Infinity],
        [-Infinity, Infinity],
        [NaN, NaN],
        [0, -0],
        [-0, 0],
      ]);
      const padded = [Infinity, -Infinity, NaN, 0, -0].map((value) =>
        wrap((y: Tensor) => pad(y, [[1, 0]], { value }))(x).toArray(),
      );
      expect(padded).toEqual([Infinity, -Infinity, NaN, 0, -0].map((value) => [value, 1, -1]));
    }
    const both = compile((y: Tensor) =>
      pad(y, [[1, 0]], { value: Infinity }).sub(pad(y, [[1, 0]], { value: -Infinity })),
    );
    expect(both(x).toArray()).toEqual([Infinity, 0, 0]);
  });

  it('number arguments are structure: each value is a trace, and 16 of them are warned about once', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const scaled = compile(function scaled(x: Tensor, rate: number) {
      return x.mul(rate);
    });
    for (let i = 0; i < 15; i++) scaled(tensor(1), i);
    expect(warn).not.toHaveBeenCalled();
    for (let i = 15; i < 40; i++) expect(scaled(tensor(1), i).item()).toBe(i);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/scaled has been traced 16 times.*tensor or a hostInput/);
    expect(scaled.traces).toBe(40);
  });

  it('traces and programs are kept in bounded caches', () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const held = new Set<WeakRef<Tensor>>();
    const scaled = compile((x: Tensor, rate: number) => {
      const table = tensor([rate, rate]);
      held.add(new WeakRef(table));
      return x.mul(table);
    });
    for (let i = 0; i < 600; i++) expect(scaled(tensor([1, 2]), i).toArray()).toEqual([i, 2 * i]);
    const before = backend.programs.length;
    scaled(tensor([1, 2]), 599);
    expect(scaled.traces).toBe(600);
    expect(backend.programs.length).toBe(before);
    scaled(tensor([1, 2]), 0);
    expect(scaled.traces).toBe(601);
    for (let size = 1; size < 300; size++) zeros([size]).dataSync();
    const filled = backend.programs.length;
    zeros([299]).dataSync();
    expect(backend.programs.length).toBe(filled);
    zeros([1]).dataSync();
    expect(backend.programs.length).toBe(filled + 1);
  });

  it('the trace used longest ago is the one that goes', () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const scaled = compile((x: Tensor, rate: number) => x.mul(rate));
    for (let rate = 0; rate < 256; rate++) scaled(tensor(1), rate);
    scaled(tensor(1), 0);
    scaled(tensor(1), 256);
    expect(scaled.traces).toBe(257);
    scaled(tensor(1), 0);
    expect(scaled.traces).toBe(257);
    scaled(tensor(1), 1);
    expect(scaled.traces).toBe(258);
  });

  it('one program serves every model of the same structure', () => {
    const make = (): (() => void) => {
      const weight = variable([1, 2, 3]);
      return compile(() => {
        weight.assign(weight.mul(0.5));
      });
    };
    make()();
    const before = countCompilations();
    make()();
    expect(countCompilations()).toBe(before);
  });
});

describe('6. host inputs', () => {
  it('are read once for each call, in order of registration, whether used or not', () => {
    const calls: string[] = [];
    const ask = (name: string, value: number) =>
      hostInput(
        () => {
          calls.push(name);
          return value;
        },
        { committed: () => calls.push(`${name} committed`) },
      );
    const step = compile((x: Tensor) => {
      const first = ask('first', 2);
      ask('unused', 0);
      const second = ask('second', 10);
      return x.mul(second).mul(second).add(first);
    });
    expect(step(tensor(1)).item()).toBe(102);
    const once = ['first', 'unused', 'second', 'first committed', 'unused committed', 'second committed'];
    expect(calls).toEqual(once);
    step(tensor(1));
    expect(calls).toEqual([...once, ...once]);
  });

  it('change from call to call without a new trace', () => {
    let rate = 1;
    const step = compile((x: Tensor) => x.mul(hostInput(() => (rate /= 2))));
    expect([1, 1, 1].map((x) => step(tensor(x)).item())).toEqual([0.5, 0.25, 0.125]);
    expect(step.traces).toBe(1);
  });

  it('are committed only when the call succeeds', () => {
    let count = 0;
    const counted = () => hostInput(() => count, { committed: () => count++ });
    const step = compile((labels: Tensor, x: Tensor) =>
      sum(take(x, labels).mul(counted())).add(check(x, x.less(10), 'x is too large').sum()),
    );
    const x = tensor([1, 2, 3]);
    step(tensor([0, 1], { dtype: 'int32' }), x);
    expect(count).toBe(1);
    expect(() => step(tensor([0, 3], { dtype: 'int32' }), x)).toThrow(DataError);
    expect(() => step(tensor([0, 1], { dtype: 'int32' }), x.mul(9))).toThrow(/x is too large/);
    expect(count).toBe(1);
    step(tensor([0, 1], { dtype: 'int32' }), x);
    expect(count).toBe(2);
  });

  it('that throw leave everything as it was', () => {
    const a = variable(1);
    let broken = true;
    const step = compile(() => {
      a.assign(
        a.add(
          hostInput(() => {
            if (broken) throw new RangeError('no rate');
            return 4;
          }),
        ),
      );
    });
    expect(step).toThrow('no rate');
    expect(a.item()).toBe(1);
    broken = false;
    step();
    expect(a.item()).toBe(5);
  });

  it('outside a trace are read when the operation is built', () => {
    let value = 3;
    let committed = 0;
    const rate = hostInput(() => value, { committed: () => committed++ });
    value = 4;
    expect([rate.item(), committed]).toEqual([3, 1]);
  });

  it('take the dtype of their partner, also as arguments and results', () => {
    const rates: (() => Tensor)[] = [() => hostInput(() => 0.5), compile(() => hostInput(() => 0.5))];
    for (const rate of rates) expect(tensor([1, 2]).mul(rate()).dtype).toBe('float32');
    const mul = (x: Tensor, weight: Tensor): Tensor => x.mul(weight);
    for (const scale of [mul, compile(mul)]) {
      const scaled = scale(tensor([1, 2]), weakScalar(0.5));
      expect([scaled.dtype, scaled.toArray()]).toEqual(['float32', [0.5, 1]]);
    }
    // The same function tells a tensor of float64 from a number.
    const compiled = compile(mul);
    expect(compiled(tensor([1]), weakScalar(2)).dtype).toBe('float32');
    expect(compiled(tensor([1]), tensor(2, { dtype: 'float64' })).dtype).toBe('float64');
  });
});

describe('8. errors that depend on data', () => {
  const labels = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });

  it('labels are checked before anything runs, and no variable changes', () => {
    const weight = variable([1, 2, 3]);
    const step = compile((places: Tensor) => {
      weight.assign(weight.sub(oneHot(places, 3).sum({ axis: 0 })));
      return weight.sum();
    });
    expect(step(labels(0, 2)).item()).toBe(4);
    for (const wrong of [labels(0, 3), labels(-1, 0)]) {
      expect(backend.runsDuring(() => expect(() => step(wrong)).toThrow(DataError))).toBe(0);
    }
    expect(() => step(labels(0, 3))).toThrow(
      'index 3 at place 1 of a tensor of shape [2] is outside 0 to 2; nothing has changed',
    );
    expect(weight.toArray()).toEqual([0, 2, 2]);
    expect(step(labels(0, 0)).item()).toBe(2);
  });

  it('only the elements that are used as indices are checked', () => {
    const x = tensor([10, 20, 30]);
    const columns = tensor(
      [
        [0, 99],
        [2, -1],
      ],
      { dtype: 'int32' },
    );
    expect(take(x, columns.slice(undefined, [0, 1])).toArray()).toEqual([[10], [30]]);
  });

  it('an uncompiled assignment with a wrong label fails once, and the variable keeps its value', () => {
    const x = tensor([1, 2, 3]);
    for (const stored of [true, false]) {
      const a = variable(7);
      const other = variable(1);
      if (stored) compile(() => a.assign(a.value))();
      const before = a.value;
      a.assign(take(x, labels(5)).sum());
      other.assign(2);
      expect(() => a.item()).toThrow(DataError);
      expect(a.item()).toBe(7);
      expect(before.item()).toBe(7);
      expect(tensor(1).add(1).item()).toBe(2);
      a.assign(a.add(1));
      expect(a.item()).toBe(8);
    }
  });

  it('a wrong label in what is read leaves pending assignments in force', () => {
    const a = variable(1);
    a.assign(5);
    expect(() => take(tensor([1, 2, 3]), labels(5)).dataSync()).toThrow(DataError);
    expect(a.item()).toBe(5);
  });

  it('an index that is computed is checked while the program runs', () => {
    const a = variable(1);
    const step = compile((x: Tensor, places: Tensor) => {
      a.assign(a.add(1));
      return take(x, places.add(1));
    });
    expect(step(tensor([1, 2, 3]), labels(0, 1)).toArray()).toEqual([2, 3]);
    expect(() => step(tensor([1, 2, 3]), labels(0, 2))).toThrow(
      'an index is outside 0 to 2; the variables this call assigns have changed',
    );
    expect(a.item()).toBe(3);
    expect(() => take(tensor([1, 2, 3]), labels(2).add(1)).dataSync()).toThrow(
      'an index is outside 0 to 2; no variable has changed',
    );
  });

  it('what is checked may be a total, and may hold back what is assigned', () => {
    const a = variable(1);
    const step = compile((x: Tensor) => {
      const finite = all(isFinite(x));
      const fine = check(finite, finite, 'x is not finite');
      a.assign(where(fine, a.add(x.sum()), a));
    });
    step(tensor([1, 2]));
    expect(() => step(tensor([1, NaN]))).toThrow('x is not finite');
    expect(a.item()).toBe(4);
    const total = (x: Tensor): Tensor => check(x, x.sum().less(10), 'too large').mul(2);
    expect(total(tensor([1, 2])).toArray()).toEqual([2, 4]);
    expect(() => total(tensor([9, 2])).dataSync()).toThrow('too large');
  });

  it('a check that fails says whether variables changed', () => {
    const a = variable(1);
    const finite = (x: Tensor): Tensor => check(x, x.less(Infinity), 'the loss is not finite');
    const step = compile((x: Tensor) => {
      a.assign(a.add(1));
      return finite(x);
    });
    expect(step(tensor(1)).item()).toBe(1);
    expect(() => step(tensor(Infinity))).toThrow(
      'the loss is not finite; the variables this call assigns have changed',
    );
    expect(a.item()).toBe(3);
    expect(() => compile(finite)(tensor(Infinity))).toThrow(
      'the loss is not finite; no variable has changed',
    );
    expect(() => finite(tensor(Infinity)).item()).toThrow('the loss is not finite; no variable has changed');
    expect(step(tensor(2)).item()).toBe(2);
  });
});

describe('9. bit-identity', () => {
  it('a second run gives the same bits', () => {
    const run = (): number[][] => {
      const source = generator(7);
      const weight = variable(random.normal([20, 10], { generator: source }));
      const step = compile((x: Tensor) => {
        const y = matmul(x, weight).tanh();
        weight.assign(weight.sub(matmul(x.transpose(), y).mul(0.01)));
        return y.square().sum();
      });
      const losses = Array.from({ length: 5 }, () =>
        step(random.normal([32, 20], { generator: source })).item(),
      );
      return [losses, [...weight.dataSync()]];
    };
    const first = run();
    setBackend(portable());
    expect(run()).toEqual(first);
  });

  it('a compiled function gives the bits of the same function uncompiled', () => {
    const fn = (x: Tensor): Tensor => argsort(x.exp().mul(0.3).sub(x.mean())).add(x.max());
    const x = random.normal([50], { generator: generator(1) });
    expect(compile(fn)(x).dataSync()).toEqual(fn(x).dataSync());
  });
});

describe('10. memory', () => {
  it('building variables allocates nothing', () => {
    const weights = Array.from({ length: 10 }, () => variable(random.normal([100])));
    expect(weights).toHaveLength(10);
    // The counter of the generator is all there is.
    expect(backend.allocated).toBeLessThanOrEqual(1);
  });

  it('an initial value is stored when a program first needs it: written if it is known, else computed in place', () => {
    const known = variable([1, 2, 3]);
    expect(compile(() => known.sum())().item()).toBe(6);
    expect([backend.allocated, backend.written]).toEqual([1, 1]);
    const computed = variable(full([3], 2));
    expect(compile(() => computed.sum())().item()).toBe(6);
    expect([backend.allocated, backend.written]).toEqual([2, 1]);
  });

  it('an initial value that cannot be computed leaves nothing behind', () => {
    const index = variable(full([2], 5).cast('int32'));
    const a = variable(take(tensor([1, 2, 3]), index));
    const step = compile(() => a.sum());
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => step()).toThrow(/an index is outside 0 to 2/);
    }
    index.assign(full([2], 1).cast('int32'));
    const b = variable([1, 2]);
    b.assign(b.add(1));
    expect([...b.value.dataSync()]).toEqual([2, 3]);
  });

  it('a variable nobody reaches is freed', async () => {
    (() => {
      for (let i = 0; i < 20; i++) {
        const a = variable([i, i]);
        a.assign(a.add(1));
        a.dataSync();
      }
    })();
    expect([backend.allocated, backend.freed]).toEqual([20, 0]);
    for (let turn = 0; turn < 20 && backend.freed < 15; turn++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(backend.freed).toBeGreaterThanOrEqual(15);
  });

  it('dispose and using free at once, once', () => {
    const a = variable([1, 2]);
    a.assign(a.mul(2));
    a.dataSync();
    a.dispose();
    a.dispose();
    expect(backend.freed).toBe(1);
    {
      using b = variable([1, 2]);
      b.assign(b.add(1));
      expect(b.toArray()).toEqual([2, 3]);
    }
    expect(backend.freed).toBe(2);
  });

  it('a variable cannot be disposed of inside a compiled function', () => {
    const a = variable(1);
    expect(() => {
      compile(() => {
        a.dispose();
      })();
    }).toThrow(TraceError);
    expect(a.item()).toBe(1);
  });
});
