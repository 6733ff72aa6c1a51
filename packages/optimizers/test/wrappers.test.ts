import { gradients } from '@downhill/autograd';
import { Linear, Sequential, Tanh } from '@downhill/layers';
import { exponentialDecay } from '@downhill/schedules';
import {
  compile,
  countCompilations,
  DataError,
  DownhillError,
  DTypeError,
  generator,
  random,
  ShapeError,
  tensor,
  TraceError,
  variable,
  zerosLike,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import {
  accumulateGradients,
  adam,
  adamw,
  centralizeGradients,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  decoupledWeightDecay,
  defineOptimizer,
  defineWrapper,
  exponentialMovingAverage,
  freeze,
  lookahead,
  momentum,
  muon,
  nadam,
  parameterGroups,
  polyakAverage,
  rmsprop,
  sgd,
  skipNonFinite,
  stopAtNonFinite,
  weightDecay,
  type Optimizer,
  type OptimizerState,
} from '@downhill/optimizers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const float64 = (values: number[], shape?: number[]): Tensor =>
  tensor(values, { dtype: 'float64', ...(shape === undefined ? {} : { shape }) });
const parameter = (values: number[], name = 'x', shape?: number[]): Variable =>
  variable(float64(values, shape), { name });
const values = (...variables: Variable[]): number[] => variables.flatMap((each) => [...each.dataSync()]);

/** A stranger's rule: its step grows with the count of updates and leans on a state of its own. */
const stranger = defineOptimizer({
  name: 'stranger',
  defaults: { learningRate: 0.1 },
  init: (each) => ({ seen: zerosLike(each) }),
  update: ({ parameter, gradient, state, options: { learningRate }, step }) => {
    const seen = state.seen.mul(0.5).add(gradient);
    return { parameter: parameter.sub(seen.mul(learningRate).div(step)), state: { seen } };
  },
});

/** Rules that a wrapper must leave as they are, ours and a stranger's. */
const rules: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.1 }),
  momentum: () => momentum({ learningRate: 0.1 }),
  adam: () => adam({ learningRate: 0.1 }),
  nadam: () => nadam({ learningRate: 0.1 }),
  'a stranger’s rule': () => stranger(),
};
const anyRule = fc.constantFrom(...Object.entries(rules));
const number = fc.double({ min: -3, max: 3, noNaN: true });
const pair = fc.tuple(number, number);

/** Applies gradients to an optimizer, one call after another, in one compiled step. */
function stepper(optimizer: Optimizer, ...parameters: Variable[]): (...gradients: number[][]) => void {
  const step = compile((...given: Tensor[]) => {
    optimizer.step(parameters, given);
  });
  return (...given) => {
    step(...given.map((each, i) => float64(each, [...parameters[i].shape])));
  };
}

/** A copy of a state, as a checkpoint would give it back. */
function copyOf({ rule, calls, variables }: OptimizerState): OptimizerState<Tensor> {
  const copies = Object.entries(variables).map(([name, { shape, dtype, value }]) => [
    name,
    tensor(value.dataSync(), { shape, dtype }),
  ]);
  return { rule, calls, variables: Object.fromEntries(copies) as Record<string, Tensor> };
}

interface Snapshot {
  readonly calls: number;
  readonly variables: [name: string, values: number[]][];
  readonly parameters: number[][];
}

/** Everything an optimizer and its parameters hold, as plain numbers. */
function snapshot(optimizer: Optimizer, ...parameters: Variable[]): Snapshot {
  const { calls, ...state } = copyOf(optimizer.state());
  const variables = Object.entries(state.variables).map(([name, value]): [string, number[]] => [
    name,
    [...value.dataSync()],
  ]);
  return { calls, variables, parameters: parameters.map((each) => [...each.dataSync()]) };
}

describe('weight decay', () => {
  it('coupled, is the rule on the gradient of the penalized loss', () => {
    fc.assert(
      fc.property(anyRule, fc.double({ min: 0, max: 1, noNaN: true }), pair, ([, rule], decay, start) => {
        const [wrapped, plain] = [parameter([...start]), parameter([...start])];
        const step = stepper(weightDecay(rule(), { weightDecay: decay }), wrapped);
        const penalized = rule();
        for (let i = 0; i < 4; i++) {
          step([1, -0.5]);
          penalized.step([plain], [float64([1, -0.5]).add(plain.mul(decay))]);
        }
        values(wrapped).forEach((value, i) => {
          expect(value).toBeCloseTo(values(plain)[i], 10);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('decoupled, makes adamw of adam', () => {
    fc.assert(
      fc.property(pair, fc.array(pair, { minLength: 1, maxLength: 5 }), (start, all) => {
        const [wrapped, whole] = [parameter([...start]), parameter([...start])];
        const step = stepper(
          decoupledWeightDecay(adam({ learningRate: 0.1 }), { weightDecay: 0.1 * 0.3 }),
          wrapped,
        );
        const reference = stepper(adamw({ learningRate: 0.1, weightDecay: 0.3 }), whole);
        for (const each of all) {
          step([...each]);
          reference([...each]);
        }
        values(wrapped).forEach((value, i) => {
          expect(value).toBeCloseTo(values(whole)[i], 12);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('clipping', () => {
  /** What a wrapper makes of gradients: the way that gradient descent at rate 1 goes from 0. */
  function clipped(wrap: (optimizer: Optimizer) => Optimizer, ...given: number[][]): number[][] {
    const parameters = given.map((each, i) => parameter(new Array<number>(each.length).fill(0), `p${i}`));
    stepper(wrap(sgd({ learningRate: 1 })), ...parameters)(...given);
    return parameters.map((each) => values(each).map((value) => -value));
  }
  const norm = (...lists: number[][]): number => Math.hypot(...lists.flat());
  const lists = fc.tuple(fc.array(number, { minLength: 1, maxLength: 3 }), pair);
  const limit = fc.double({ min: 0.01, max: 4, noNaN: true });

  it('by value holds every element between the limits', () => {
    fc.assert(
      fc.property(lists, limit, ([a, b], most) => {
        const expected = [a, [...b]].map((list) =>
          list.map((value) => Math.min(Math.max(value, -most), most)),
        );
        expect(clipped((each) => clipByValue(each, { limit: most }), a, [...b])).toEqual(
          expected.map((list) => list.map((value) => expect.closeTo(value, 12) as number)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('by norm shortens each gradient by itself, and only those that are too long', () => {
    fc.assert(
      fc.property(lists, limit, ([a, b], most) => {
        const got = clipped((each) => clipByNorm(each, { norm: most }), a, [...b]);
        [a, [...b]].forEach((list, i) => {
          const factor = norm(list) > most ? most / norm(list) : 1;
          got[i].forEach((value, k) => {
            expect(value).toBeCloseTo(list[k] * factor, 12);
          });
        });
      }),
      { numRuns: 40 },
    );
  });

  it('by global norm shortens all by one factor to that norm, and leaves shorter ones to the bit', () => {
    fc.assert(
      fc.property(lists, limit, ([a, b], most) => {
        const given = [a, [...b]];
        const got = clipped((each) => clipByGlobalNorm(each, { norm: most }), ...given);
        const whole = norm(...given);
        if (whole <= most * (1 - 1e-12)) {
          expect(got.flat().map((value) => value + 0)).toEqual(given.flat().map((value) => value + 0));
        } else {
          expect(norm(...got)).toBeCloseTo(Math.min(most, whole), 12);
          got.flat().forEach((value, k) => {
            expect(value * whole).toBeCloseTo(given.flat()[k] * norm(...got), 10);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('by a norm of float32 and float64 gradients together, leaves each its dtype', () => {
    const [a, b] = [variable(tensor([3]), { name: 'a' }), parameter([4], 'b')];
    clipByGlobalNorm(sgd({ learningRate: 1 }), { norm: 1 }).step([a, b], [tensor([3]), float64([4])]);
    expect([a.dtype, b.dtype]).toEqual(['float32', 'float64']);
    expect(a.item()).toBeCloseTo(3 - 3 / 5, 6);
    expect(b.item()).toBeCloseTo(4 - 4 / 5, 12);
  });

  it('of zeros to a norm of zero gives zeros', () => {
    expect(
      clipped((each) => clipByGlobalNorm(each, { norm: 0 }), [0, 0])[0].every((value) => value === 0),
    ).toBe(true);
    expect(clipped((each) => clipByNorm(each, { norm: 0 }), [3, 4])[0].every((value) => value === 0)).toBe(
      true,
    );
  });
});

describe('gradient centralization', () => {
  it('takes the mean of each unit’s incoming weights, and leaves vectors alone', () => {
    const [weight, bias] = [parameter([0, 0, 0, 0], 'weight', [2, 2]), parameter([0, 0], 'bias')];
    stepper(centralizeGradients(sgd({ learningRate: 1 })), weight, bias)([1, 3, -2, 4], [5, 7]);
    expect(weight.toArray()).toEqual([
      [1, -1],
      [3, -3],
    ]);
    expect(bias.toArray()).toEqual([-5, -7]);
  });

  it('takes it over all axes but the first', () => {
    const filters = parameter(new Array<number>(8).fill(0), 'filters', [2, 2, 1, 2]);
    stepper(centralizeGradients(sgd({ learningRate: 1 })), filters)([1, 2, 3, 6, -4, 0, 0, 0]);
    expect(values(filters)).toEqual([2, 1, 0, -3, 3, -1, -1, -1]);
  });
});

describe('gradient accumulation', () => {
  it('makes one update of k steps, by the mean gradient, and in between nothing changes', () => {
    fc.assert(
      fc.property(
        anyRule,
        fc.integer({ min: 1, max: 4 }),
        fc.array(pair, { minLength: 1, maxLength: 9 }),
        ([, rule], k, all) => {
          const [x, reference] = [parameter([1, -1]), parameter([1, -1])];
          const inside = rule();
          const step = stepper(accumulateGradients(inside, { steps: k }), x);
          const whole = rule();
          all.forEach((each, i) => {
            const before = snapshot(inside, x);
            step([...each]);
            // The first step makes the state.
            const kept = i === 0 ? { parameters: before.parameters } : before;
            if ((i + 1) % k === 0) {
              const group = all.slice(i + 1 - k, i + 1);
              whole.step(
                [reference],
                [float64([0, 1].map((at) => group.reduce((sum, g) => sum + g[at], 0) / k))],
              );
            } else expect(snapshot(inside, x)).toMatchObject(kept);
            values(x).forEach((value, at) => {
              expect(value).toBeCloseTo(values(reference)[at], 12);
            });
          });
          expect(inside.state().variables.step.item()).toBe(Math.floor(all.length / k));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('lookahead', () => {
  it('goes k steps ahead, then back to a share of the way', () => {
    const x = parameter([0]);
    const step = stepper(lookahead(sgd({ learningRate: 1 }), { steps: 3, share: 0.25 }), x);
    const path = Array.from({ length: 7 }, () => {
      step([-1]);
      return x.item();
    });
    // Slow weights at 0, then at 0 + (3 - 0) / 4, then at 0.75 + (3.75 - 0.75) / 4.
    expect(path).toEqual([1, 2, 0.75, 1.75, 2.75, 1.5, 2.5]);
  });

  it('keeps the state of what it wraps', () => {
    const x = parameter([0]);
    const inside = momentum({ learningRate: 1, momentum: 0.5 });
    const step = stepper(lookahead(inside, { steps: 2, share: 0.5 }), x);
    for (let i = 0; i < 4; i++) step([-1]);
    expect(inside.state().variables['0.x.velocity'].item()).toBe(1.875);
  });
});

describe('averages of parameters', () => {
  it('the exponential moving average follows as 0.9 of itself and 0.1 of the parameters', () => {
    fc.assert(
      fc.property(anyRule, fc.array(pair, { minLength: 1, maxLength: 6 }), ([, rule], all) => {
        const [x, alone] = [parameter([2, -2]), parameter([2, -2])];
        const optimizer = exponentialMovingAverage(rule(), { decay: 0.9 });
        const step = stepper(optimizer, x);
        const plain = stepper(rule(), alone);
        let average = [2, -2];
        for (const each of all) {
          step([...each]);
          plain([...each]);
          average = average.map((value, i) => 0.9 * value + 0.1 * values(alone)[i]);
        }
        // The average costs the descent nothing.
        expect(values(x)).toEqual(values(alone));
        optimizer.swap();
        values(x).forEach((value, i) => {
          expect(value).toBeCloseTo(average[i], 12);
        });
      }),
      { numRuns: 25 },
    );
  });

  it('Polyak’s is the mean of all positions after the first few', () => {
    const x = parameter([0]);
    const optimizer = polyakAverage(sgd({ learningRate: 1 }), { skip: 2 });
    const step = stepper(optimizer, x);
    const means: number[] = [];
    for (let i = 0; i < 5; i++) {
      step([-1]);
      means.push(optimizer.state().variables['0.x.average'].item());
    }
    expect(means).toEqual([1, 2, 3, 3.5, 4]);
  });

  it('swapped in and out again, parameters, averages and the next step are the same to the bit', () => {
    const make = (): [Optimizer & { swap(): void }, Variable, (...g: number[][]) => void] => {
      const x = parameter([1, 2]);
      const optimizer = exponentialMovingAverage(adam({ learningRate: 0.1 }), { decay: 0.7 });
      return [optimizer, x, stepper(optimizer, x)];
    };
    const [[first, x, step], [second, y, reference]] = [make(), make()];
    for (let i = 0; i < 5; i++) {
      step([1, i]);
      reference([1, i]);
      const before = snapshot(first, x);
      first.swap();
      expect(values(x)).not.toEqual(values(y));
      first.swap();
      expect(snapshot(first, x)).toEqual(before);
    }
    expect(snapshot(first, x)).toEqual(snapshot(second, y));
  });

  it('while swapped in, stepping, saving and loading are refused, and change nothing', () => {
    const x = parameter([1]);
    const optimizer = exponentialMovingAverage(sgd({ learningRate: 1 }), { decay: 0.5 });
    const step = stepper(optimizer, x);
    step([1]);
    const saved = copyOf(optimizer.state());
    optimizer.swap();
    expect(optimizer.swapped).toBe(true);
    for (const act of [
      () => step([1]),
      () => optimizer.step([x], [float64([1])]),
      () => optimizer.state(),
      () => optimizer.load(saved),
      () => clipByValue(optimizer).state(),
    ]) {
      expect(act).toThrow(DownhillError);
      expect(act).toThrow('while the parameters hold their averages; call swap() once more first');
    }
    expect(x.item()).toBe(0.5);
    optimizer.swap();
    step([1]);
    expect(x.item()).toBe(-1);
    expect(optimizer.state().calls).toBe(2);
  });

  it('cannot be swapped before there are any, nor inside a compiled function', () => {
    const optimizer = polyakAverage(sgd());
    expect(() => optimizer.swap()).toThrow(
      'polyakAverage(sgd): swap: there are no averages before the first step',
    );
    const swap = compile(() => {
      optimizer.swap();
    });
    expect(() => swap()).toThrow(TraceError);
    expect(optimizer.swapped).toBe(false);
  });
});

/** A network whose parameters have full names, and its loss. */
function network(): { model: Sequential; loss: () => Tensor } {
  const source = { generator: generator(3), dtype: 'float64' as const };
  const model = new Sequential([new Linear(3, 4, source), new Tanh(), new Linear(4, 2, source)]);
  const x = random.uniform([5, 3], { generator: generator(4) }).cast('float64');
  return { model, loss: () => model.forward(x).square().sum() };
}

describe('freezing', () => {
  it('leaves what matches, moves the rest as ever, and does not compute gradients nobody uses', () => {
    const make = (wrap: (model: Sequential) => Optimizer) => {
      const { model, loss } = network();
      const optimizer = wrap(model);
      const step = compile(() => {
        const value = loss();
        optimizer.step(model.parameters(), gradients(value, model.parameters()));
        return value;
      });
      return { model, step };
    };
    const all = make(() => sgd());
    const some = make((model) => freeze(sgd(), { match: /^modules\.0\.|^0\./, names: model.state() }));
    const names = Object.keys(some.model.state());
    const before = values(...some.model.parameters().slice(0, 2));
    const [losses, fewer] = [all.step(), some.step()];
    expect(fewer.item()).toBe(losses.item());
    expect(names).toHaveLength(4);
    expect(values(...some.model.parameters().slice(0, 2))).toEqual(before);
    expect(values(...some.model.parameters().slice(2))).toEqual(values(...all.model.parameters().slice(2)));
    expect(values(...all.model.parameters().slice(0, 2))).not.toEqual(before);
    expect(some.step.program().kernels.length).toBeLessThan(all.step.program().kernels.length);
  });

  it('of what does not exist is refused', () => {
    const x = parameter([1], 'weight');
    expect(() => freeze(sgd(), { match: /wieght/ }).step([x], [float64([1])])).toThrow(
      'group 0 (/wieght/) matches none of weight',
    );
    expect(x.item()).toBe(1);
  });

  it('within a wrapper that gates, stays frozen', () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'b')];
    const step = stepper(
      accumulateGradients(freeze(sgd({ learningRate: 1 }), { match: /a/ }), { steps: 2 }),
      a,
      b,
    );
    step([1], [1]);
    step([1], [1]);
    expect(values(a, b)).toEqual([1, 0]);
  });
});

describe('parameter groups', () => {
  it('move each parameter as its own optimizer would alone', () => {
    const make = () =>
      [
        parameter([1, 2, 3, 4], 'weight', [2, 2]),
        parameter([1, 2], 'bias'),
        parameter([5], 'scale'),
      ] as const;
    const [weight, bias, scale] = make();
    const optimizer = parameterGroups([
      { match: /bias/g, optimizer: sgd({ learningRate: 0.5 }) },
      { match: (_, { rank }) => rank >= 2, optimizer: muon() },
      { optimizer: adam() },
    ]);
    const [weight2, bias2, scale2] = make();
    const step = stepper(optimizer, weight, bias, scale);
    const alone = [
      stepper(muon(), weight2),
      stepper(sgd({ learningRate: 0.5 }), bias2),
      stepper(adam(), scale2),
    ];
    for (let i = 1; i < 5; i++) {
      const given = [[i, 2, -1, 3], [1, i], [-i]];
      step(...given);
      alone.forEach((each, at) => each(given[at]));
    }
    expect(values(weight, bias, scale)).toEqual(values(weight2, bias2, scale2));
    expect(Object.keys(optimizer.state().variables)).toEqual([
      '0.step',
      '1.step',
      '1.0.weight.velocity',
      '2.step',
      '2.0.scale.m',
      '2.0.scale.v',
    ]);
  });

  it('go by full names where they are given', () => {
    const { model, loss } = network();
    const last = Object.keys(model.state()).filter((name) => name.includes('2.'));
    expect(last).toHaveLength(2);
    const optimizer = parameterGroups(
      [{ match: /2\./, optimizer: sgd({ learningRate: 1 }) }, { optimizer: sgd({ learningRate: 0 }) }],
      { names: model.state() },
    );
    const before = Object.entries(model.state()).map(([name, each]) => [name, values(each)] as const);
    optimizer.step(model.parameters(), gradients(loss(), model.parameters()));
    for (const [name, old] of before) {
      if (last.includes(name)) expect(values(model.state()[name])).not.toEqual(old);
      else expect(values(model.state()[name])).toEqual(old);
    }
  });

  it('refuse a parameter that none matches, a pattern without any, and optimizers of different age', () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'b')];
    const used = sgd();
    used.step([a], [float64([0])]);
    const both = [float64([1]), float64([1])];
    expect(() => parameterGroups([{ match: /a/, optimizer: sgd() }]).step([a, b], both)).toThrow(
      'parameterGroups(sgd): no group matches b (place 1); add a last group without match',
    );
    expect(() =>
      parameterGroups([{ match: /c/, optimizer: adam() }, { optimizer: sgd() }]).step([a, b], both),
    ).toThrow('parameterGroups(adam, sgd): group 0 (/c/) matches none of a, b');
    expect(() => parameterGroups([{ match: /a/, optimizer: used }, { optimizer: sgd() }])).toThrow(
      'the optimizers have taken different numbers of steps (1, 0)',
    );
    expect(values(a, b)).toEqual([1, 1]);
  });
});

describe('gradients that are not finite', () => {
  const broken = fc.constantFrom(NaN, Infinity, -Infinity);

  it('are skipped and counted, and the next step is as if there had been none', () => {
    fc.assert(
      fc.property(
        anyRule,
        fc.array(fc.oneof(pair, fc.tuple(number, broken)), { minLength: 1, maxLength: 8 }),
        ([, rule], all) => {
          const [x, y] = [parameter([1, 2]), parameter([1, 2])];
          const [inside, plain] = [rule(), rule()];
          const optimizer = skipNonFinite(inside);
          const step = stepper(optimizer, x);
          const reference = stepper(plain, y);
          for (const each of all) {
            step([...each]);
            if (each.every(Number.isFinite)) reference([...each]);
          }
          expect(values(x)).toEqual(values(y));
          // A state that nothing has been applied to yet is there already for x, and not for y.
          if (plain.state().calls > 0) {
            expect(snapshot(inside)).toMatchObject({ variables: snapshot(plain).variables });
          }
          expect(optimizer.state().variables.skipped.item()).toBe(
            all.filter((each) => !each.every(Number.isFinite)).length,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([true, false])(
    'stop with the name of the parameter, nothing changed (compiled: %s)',
    (compiled) => {
      const [a, b] = [parameter([1, 2], 'a'), parameter([3], 'b')];
      const inside = adam({ learningRate: 0.1 });
      const optimizer = stopAtNonFinite(inside);
      const once = (first: Tensor, second: Tensor): Tensor => {
        optimizer.step([a, b], [first, second]);
        return first.sum();
      };
      const step = compiled ? compile(once) : once;
      const run = (first: number[], second: number[]): void => {
        step(float64(first), float64(second));
        a.dataSync();
      };
      run([1, 1], [1]);
      const { parameters, variables } = snapshot(inside, a, b);
      const fail = (): void => run([1, 1], [NaN]);
      expect(fail).toThrow(DataError);
      expect(fail).toThrow(
        'stopAtNonFinite: the gradient of b (place 1) is not finite; all parameters and the state of their optimizer are held back',
      );
      expect(() => run([Infinity, 0], [1])).toThrow('the gradient of a (place 0)');
      expect(snapshot(inside, a, b)).toMatchObject({ parameters, variables });
      if (compiled) expect(optimizer.state().calls).toBe(1);
      const { rule, ...state } = copyOf(optimizer.state());
      expect(rule).toBe('stopAtNonFinite(adam)');
      expect(
        Object.values(state.variables).every((value) => [...value.dataSync()].every(Number.isFinite)),
      ).toBe(true);
      run([1, 1], [1]);
      expect(optimizer.state().variables['inner.step'].item()).toBe(2);
    },
  );
});

describe('all together', () => {
  /** Seven wrappers deep, over groups of two rules; the schedule sees every call. */
  function everything(): Optimizer {
    const groups = parameterGroups([
      { match: /a/, optimizer: adam({ learningRate: exponentialDecay({ initial: 0.1, rate: 0.9 }) }) },
      { optimizer: rmsprop({ learningRate: 0.05, centered: true, momentum: 0.5 }) },
    ]);
    const decayed = decoupledWeightDecay(weightDecay(groups, { weightDecay: 0.1 }), {
      weightDecay: (step) => 0.01 / (step + 1),
    });
    const averaged = exponentialMovingAverage(lookahead(decayed, { steps: 2 }), { decay: 0.8 });
    const accumulated = accumulateGradients(clipByGlobalNorm(averaged, { norm: 2 }), { steps: 2 });
    return skipNonFinite(accumulated);
  }

  it('resume to the bit from a checkpoint, taken anywhere', () => {
    const gradient = fc.tuple(
      pair,
      fc.oneof({ weight: 8, arbitrary: pair }, { weight: 1, arbitrary: fc.constant([NaN, 1]) }),
    );
    fc.assert(
      fc.property(
        fc.array(gradient, { minLength: 1, maxLength: 8 }),
        fc.array(gradient, { minLength: 1, maxLength: 8 }),
        (before, after) => {
          const [a, b] = [parameter([1, -2], 'a'), parameter([3, 0.5], 'b')];
          const first = everything();
          const step = stepper(first, a, b);
          for (const [g, h] of before) step([...g], [...h]);
          const [c, d] = [parameter(values(a), 'a'), parameter(values(b), 'b')];
          const second = everything();
          second.load(copyOf(first.state()), [c, d]);
          const resumed = stepper(second, c, d);
          for (const [g, h] of after) {
            step([...g], [...h]);
            resumed([...g], [...h]);
            expect(snapshot(second, c, d)).toEqual(snapshot(first, a, b));
          }
          expect(first.state().calls).toBe(before.length + after.length);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('are the same compiled or not', () => {
    const run = (compiled: boolean): Snapshot => {
      const [a, b] = [parameter([1, -2], 'a'), parameter([3, 0.5], 'b')];
      const optimizer = everything();
      const once = (): void => {
        optimizer.step([a, b], [a.mul(2), b.sin()]);
      };
      const step = compiled ? compile(once) : once;
      for (let i = 0; i < 9; i++) step();
      return snapshot(optimizer, a, b);
    };
    const [one, other] = [run(true), run(false)];
    one.parameters.flat().forEach((value, i) => {
      expect(value).toBeCloseTo(other.parameters.flat()[i], 12);
    });
  });

  it('name their state after where it belongs', () => {
    const [a, b] = [parameter([1], 'a'), parameter([3], 'b')];
    const optimizer = everything();
    stepper(optimizer, a, b)([1], [1]);
    const { rule, variables } = optimizer.state();
    expect(rule).toBe(
      'skipNonFinite(accumulateGradients(clipByGlobalNorm(exponentialMovingAverage(lookahead(' +
        'decoupledWeightDecay(weightDecay(parameterGroups(adam, rmsprop))))))))',
    );
    expect(Object.keys(variables)).toEqual([
      'skipped',
      'inner.count',
      'inner.0.a.sum',
      'inner.1.b.sum',
      'inner.inner.inner.0.a.average',
      'inner.inner.inner.1.b.average',
      'inner.inner.inner.inner.count',
      'inner.inner.inner.inner.0.a.slow',
      'inner.inner.inner.inner.1.b.slow',
      'inner.inner.inner.inner.inner.inner.inner.0.step',
      'inner.inner.inner.inner.inner.inner.inner.0.0.a.m',
      'inner.inner.inner.inner.inner.inner.inner.0.0.a.v',
      'inner.inner.inner.inner.inner.inner.inner.1.step',
      'inner.inner.inner.inner.inner.inner.inner.1.0.b.cache',
      'inner.inner.inner.inner.inner.inner.inner.1.0.b.mean',
      'inner.inner.inner.inner.inner.inner.inner.1.0.b.velocity',
    ]);
  });

  it('follow schedules without compiling anew', () => {
    const x = parameter([1, 2]);
    const step = stepper(
      clipByGlobalNorm(
        decoupledWeightDecay(
          momentum({ learningRate: (at) => 0.1 / (at + 1), momentum: (at) => 0.9 - 0.5 / (at + 1) }),
          { weightDecay: (at) => 0.001 * at },
        ),
        { norm: (at) => at + 1 },
      ),
      x,
    );
    step([3, 4]);
    values(x);
    const before = countCompilations();
    for (let i = 0; i < 20; i++) step([3, i]);
    values(x);
    expect(countCompilations()).toBe(before);
  });
});

describe('a wrapper of one’s own', () => {
  const x = (): Variable => parameter([1, 2]);
  const gradient = (): Tensor[] => [float64([1, 1])];

  it('is a pair of pure functions, public like ours', () => {
    const { wrapper } = weightDecay;
    expect(wrapper.name).toBe('weightDecay');
    const seen: unknown[] = [];
    wrapper.update({
      parameters: [float64([2])],
      gradients: [float64([1])],
      names: ['x'],
      state: {},
      options: { weightDecay: tensor(0.5, { dtype: 'float64' }) },
      inner: (given) => {
        seen.push(given[0].toArray());
        return given;
      },
    });
    expect(seen).toEqual([[2]]);
  });

  it('may keep what it likes, for all and for each', () => {
    // Descends along the mean of all gradients so far.
    const steady = defineWrapper({
      name: 'steady',
      defaults: {},
      init: (parameters) => ({ count: tensor(0, { dtype: 'float64' }), total: parameters.map(zerosLike) }),
      update: ({ gradients: given, state, inner }) => {
        const count = state.count.add(1);
        const total = state.total.map((sum, i) => sum.add(given[i]));
        return { parameters: inner(total.map((sum) => sum.div(count))), state: { count, total } };
      },
    });
    const [a, b] = [parameter([0], 'a'), parameter([0], 'b')];
    const step = stepper(steady(sgd({ learningRate: 1 })), a, b);
    step([1], [10]);
    step([3], [30]);
    expect(values(a, b)).toEqual([-3, -30]);
  });

  it.each<[string, typeof DownhillError, string, Parameters<typeof defineWrapper>[0]['update']]>([
    [
      'calls inner twice',
      DownhillError,
      'odd(sgd): inner was called twice; call it once',
      ({ gradients: g, inner }) => {
        inner(g);
        return { parameters: inner(g), state: { kept: tensor(0) } };
      },
    ],
    [
      'never calls inner',
      DownhillError,
      'odd(sgd): inner was not called; call it once',
      ({ parameters }) => ({ parameters, state: { kept: tensor(0) } }),
    ],
    [
      'gives inner too few gradients',
      DownhillError,
      'odd(sgd): gradients: expected one entry for each of 1 parameters, got 0',
      ({ inner }) => ({ parameters: inner([]), state: { kept: tensor(0) } }),
    ],
    [
      'gives inner gradients of another shape',
      ShapeError,
      'odd(sgd): gradients: entry 0 has shape [3]; expected [2], that of x',
      ({ inner }) => ({ parameters: inner([float64([1, 2, 3])]), state: { kept: tensor(0) } }),
    ],
    [
      'returns parameters of another dtype',
      DTypeError,
      'odd(sgd): parameters: entry 0 is float32; expected float64, that of x',
      ({ gradients: g, inner }) => ({
        parameters: inner(g).map((each) => each.cast('float32')),
        state: { kept: tensor(0) },
      }),
    ],
    [
      'forgets its state',
      DownhillError,
      'odd(sgd): update: state: kept missing',
      ({ gradients: g, inner }) => ({ parameters: inner(g), state: {} }),
    ],
    [
      'changes the shape of its state',
      ShapeError,
      'odd(sgd): update: state: the new kept has shape [1]; expected [], that of kept',
      ({ gradients: g, inner }) => ({ parameters: inner(g), state: { kept: tensor([0]) } }),
    ],
    [
      'makes a list of its state',
      DownhillError,
      'odd(sgd): update: state: kept: expected a tensor',
      ({ gradients: g, inner }) => ({ parameters: inner(g), state: { kept: [tensor(0)] } }),
    ],
    [
      'gates by what is no scalar',
      ShapeError,
      'odd(sgd): when: expected a scalar, got shape [2]',
      ({ gradients: g, inner }) => ({
        parameters: inner(g, { when: g[0].greater(0) }),
        state: { kept: tensor(0) },
      }),
    ],
  ])('that %s is told so, and nothing changes', (_, kind, message, update) => {
    const odd = defineWrapper({ name: 'odd', defaults: {}, init: () => ({ kept: tensor(0) }), update });
    const each = x();
    const optimizer = odd(sgd());
    expect(() => optimizer.step([each], gradient())).toThrow(kind);
    expect(() => optimizer.step([each], gradient())).toThrow(message);
    expect(values(each)).toEqual([1, 2]);
    expect(optimizer.state().calls).toBe(0);
  });
});

describe('bad input', () => {
  it.each<[string, () => unknown]>([
    [
      'weightDecay: weightDecay: expected a finite number of at least 0',
      () => weightDecay(sgd(), { weightDecay: -1 }),
    ],
    [
      'decoupledWeightDecay: weightDecay: expected a finite number of at least 0',
      () => decoupledWeightDecay(sgd(), { weightDecay: NaN }),
    ],
    ['clipByValue: limit: expected a finite number of at least 0', () => clipByValue(sgd(), { limit: -1 })],
    ['clipByNorm: norm: expected a finite number of at least 0', () => clipByNorm(sgd(), { norm: Infinity })],
    [
      'clipByGlobalNorm: norm: expected a finite number of at least 0',
      () => clipByGlobalNorm(sgd(), { norm: -1 }),
    ],
    [
      'accumulateGradients: steps: expected a whole number of at least 1, got 2.5',
      () => accumulateGradients(sgd(), { steps: 2.5 }),
    ],
    [
      'accumulateGradients: steps: expected a whole number of at least 1, got 0',
      () => accumulateGradients(sgd(), { steps: 0 }),
    ],
    ['lookahead: steps: expected a whole number of at least 1', () => lookahead(sgd(), { steps: -5 })],
    ['lookahead: share: expected a finite number from 0 to below 1', () => lookahead(sgd(), { share: 1.5 })],
    [
      'exponentialMovingAverage: decay: expected a finite number from 0 to below 1, got 1',
      () => exponentialMovingAverage(sgd(), { decay: 1 }),
    ],
    ['polyakAverage: skip: expected a whole number of at least 0', () => polyakAverage(sgd(), { skip: -1 })],
    ['skipNonFinite: there is no option count', () => skipNonFinite(sgd(), { count: 1 })],
  ])('%s', (message, make) => {
    expect(make).toThrow(DownhillError);
    expect(make).toThrow(message);
  });

  it('wrapped, is told at the outermost, and nothing changes', () => {
    const a = parameter([1], 'a');
    const optimizer = lookahead(adam());
    expect(() => optimizer.step([a], [])).toThrow('lookahead(adam): got 1 parameters and 0 gradients');
    expect(() => optimizer.step([a], [float64([1, 2])])).toThrow('the gradient of a (place 0) has shape [2]');
    const unsteady = lookahead(sgd({ learningRate: () => NaN }));
    expect(() => unsteady.step([a], [float64([1])])).toThrow('sgd: learningRate: expected a finite number');
    expect(a.item()).toBe(1);
    expect([optimizer.state().calls, unsteady.state().calls]).toEqual([0, 0]);
  });

  it('a state of another rule, wrapper or model is refused whole', () => {
    const a = parameter([1], 'a');
    const trained = lookahead(adam());
    trained.step([a], [float64([1])]);
    const saved = copyOf(trained.state());
    const cases: [Optimizer, Variable[], string][] = [
      [adam(), [a], 'adam: load: the state is that of lookahead(adam)'],
      [lookahead(adamw()), [a], 'lookahead(adamw): load: the state is that of lookahead(adam)'],
      [lookahead(adam()), [parameter([1], 'b')], '0.b.slow, inner.0.b.m, inner.0.b.v missing; 0.a.slow'],
      [
        lookahead(adam()),
        [parameter([1, 2], 'a')],
        'lookahead(adam): load: 0.a.slow has shape [1]; expected [2]',
      ],
      [lookahead(adam()), [a, parameter([1], 'b')], '1.b.slow, inner.1.b.m, inner.1.b.v missing'],
      [lookahead(adam()), [], '0.a.slow, inner.0.a.m, inner.0.a.v unknown'],
    ];
    for (const [optimizer, parameters, message] of cases) {
      expect(() => optimizer.load(saved, parameters)).toThrow(DownhillError);
      expect(() => optimizer.load(saved, parameters)).toThrow(message);
      expect(Object.keys(optimizer.state().variables).filter((name) => /\d/.test(name))).toEqual([]);
      expect(optimizer.state().calls).toBe(0);
    }
    expect(() => lookahead(adam()).load({ ...saved, calls: -1 }, [a])).toThrow(
      'expected a whole number of calls',
    );
  });

  it('a parameter that its group’s rule refuses leaves no trace in the others', () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'b')];
    const optimizer = parameterGroups([{ match: /a/, optimizer: adam() }, { optimizer: muon() }]);
    const saved = { rule: 'parameterGroups(adam, muon)', calls: 0, variables: {} };
    expect(() => optimizer.load(saved, [a, b])).toThrow('muon: expected matrices');
    expect(Object.keys(optimizer.state().variables)).toEqual(['0.step', '1.step']);
  });
});
