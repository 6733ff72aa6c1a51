import {
  compile,
  countCompilations,
  DownhillError,
  DTypeError,
  getBackend,
  ShapeError,
  tensor,
  variable,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { adam, adamw, defineOptimizer, momentum, rmsprop, sgd, type Optimizer } from '@downhill/optimizers';
import { exponentialDecay, stepDecay } from '@downhill/schedules';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

const float64 = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const parameter = (values: number[], name = 'x'): Variable => variable(float64(values), { name });
const values = (x: Variable): number[] => [...x.dataSync()];

/** Steps with gradient 1 everywhere, compiled or not. */
function stepper(optimizer: Optimizer, x: Variable, compiled: boolean): () => void {
  const once = (): void => {
    optimizer.step([x], [float64(new Array<number>(x.size).fill(1))]);
  };
  return compiled ? compile(once) : once;
}

describe('the rules, by hand', () => {
  const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 4 });

  it('sgd is x - α g', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 2, noNaN: true }), (start, learningRate) => {
        const x = parameter(start);
        sgd({ learningRate }).step([x], [float64(start.map((value) => 3 * value))]);
        values(x).forEach((value, i) => {
          expect(value).toBeCloseTo(start[i] - learningRate * 3 * start[i], 12);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('a first step reads nothing back from the backend', () => {
    const read = vi.spyOn(getBackend(), 'read');
    for (const make of [adam, adamw, momentum, rmsprop]) {
      const x = parameter([1, 2]);
      const step = stepper(make(), x, true);
      step();
      step();
    }
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });

  it('momentum is v ← μ v − α g, x ← x + v: a falling rate slows it only as the velocity decays', () => {
    const rates = [1, 0.1, 0.1];
    const x = parameter([0]);
    const optimizer = momentum({ learningRate: (step) => rates[step], momentum: 0.5 });
    const step = stepper(optimizer, x, true);
    // v: -1, -0.6, -0.4. With the rate outside, as in PyTorch, x would be -1, -1.15, -1.325.
    for (const expected of [-1, -1.6, -2]) {
      step();
      expect(x.item()).toBeCloseTo(expected, 12);
    }
  });

  it('adam’s first step is the learning rate in the direction against the gradient, whatever its size', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (size) => {
        const x = parameter([0, 0]);
        adam({ learningRate: 0.25, epsilon: 0 }).step([x], [float64([size, -size])]);
        expect(values(x)[0]).toBeCloseTo(-0.25, 9);
        expect(values(x)[1]).toBeCloseTo(0.25, 9);
      }),
      { numRuns: 20 },
    );
  });

  it('all updates are computed from old values before any is assigned', () => {
    const [a, b] = [parameter([1], 'a'), parameter([10], 'b')];
    const step = compile(() => {
      sgd({ learningRate: 1 }).step([a, b], [b.value, a.value]);
    });
    step();
    expect([a.item(), b.item()]).toEqual([-9, 9]);
  });

  it('float32 parameters keep their dtype, and 1 - beta2 loses nothing on the way', () => {
    const x = variable(tensor([0]));
    const optimizer = adam({ beta2: 0.9999999 });
    optimizer.step([x], [tensor([1])]);
    expect(x.dtype).toBe('float32');
    // 1 - 0.9999999 is 1e-7; in float32 it would be 1.19e-7.
    const { v } = keyed(optimizer);
    expect(v.item() / 1e-7).toBeCloseTo(1, 5);
  });
});

function keyed(optimizer: Optimizer): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(optimizer.state().variables).map(([name, cell]) => [name.split('.').at(-1) ?? name, cell]),
  );
}

describe('a rule is public and pure', () => {
  it('can be called on its own', () => {
    const { rule } = rmsprop;
    expect(rule.defaults).toMatchObject({ learningRate: 1e-3, decay: 0.99, epsilon: 1e-8 });
    const state = rule.init(float64([0, 0]), rule.defaults);
    expect(state.cache.toArray()).toEqual([0, 0]);
  });

  it('gets numbers as tensors, and booleans and strings as they are', () => {
    const seen: unknown[] = [];
    const probe = defineOptimizer({
      name: 'probe',
      defaults: { rate: 0.5, flag: false, mode: 'plain' },
      init: (_, options) => {
        seen.push(options);
        return {};
      },
      update: ({ parameter, options: { rate, flag, mode } }) => {
        seen.push(rate.item(), flag, mode);
        return { parameter: parameter.mul(1), state: {} };
      },
    });
    probe({ flag: true, rate: () => 0.25 }).step([parameter([1])], [float64([1])]);
    expect(seen).toEqual([{ rate: 0.25, flag: true, mode: 'plain' }, 0.25, true, 'plain']);
  });

  it('counts applied updates from 1, exactly, in float64', () => {
    const counter = defineOptimizer({
      name: 'counter',
      defaults: {},
      init: () => ({}),
      update: ({ parameter, step }) => ({ parameter: parameter.mul(0).add(step), state: {} }),
    });
    const x = parameter([0]);
    const step = stepper(counter(), x, true);
    for (const expected of [1, 2, 3]) {
      step();
      expect(x.item()).toBe(expected);
    }
  });

  it.each([
    [
      'parameter of another shape',
      ShapeError,
      'the new x has shape [2]',
      { parameter: float64([1, 2]), state: {} },
    ],
    ['parameter of another dtype', DTypeError, 'the new x is float32', { parameter: tensor([1]), state: {} }],
    [
      'state it did not begin with',
      DownhillError,
      'state: cache unknown',
      { parameter: float64([1]), state: { cache: float64([1]) } },
    ],
  ])('a rule that gives a %s is told so, and nothing changes', (_, kind, message, result) => {
    const wrong = defineOptimizer({
      name: 'wrong',
      defaults: {},
      init: () => ({}),
      update: () => result as never,
    });
    const x = parameter([7]);
    const optimizer = wrong();
    expect(() => optimizer.step([x], [float64([1])])).toThrow(kind);
    expect(() => optimizer.step([x], [float64([1])])).toThrow(message);
    expect(x.item()).toBe(7);
    expect(optimizer.state().calls).toBe(0);
    expect(optimizer.state().variables.step.item()).toBe(0);
  });
});

describe.each([true, false])('schedules (compiled: %s)', (compiled) => {
  it('give their value at 0 to the first call, at 1 to the next', () => {
    const asked: number[] = [];
    const x = parameter([0]);
    const step = stepper(
      sgd({
        learningRate: (at) => {
          asked.push(at);
          return 2 ** -at;
        },
      }),
      x,
      compiled,
    );
    for (let i = 0; i < 4; i++) step();
    // The state of a parameter is made from plain options, so a schedule may be asked twice for one step.
    expect([...new Set(asked)]).toEqual([0, 1, 2, 3]);
    expect(x.item()).toBe(-1.875);
  });

  it('a failed call is not counted, and changes nothing', () => {
    let broken = false;
    const x = parameter([0]);
    const optimizer = momentum({ learningRate: (at) => (broken ? NaN : at + 1), momentum: 0.5 });
    const step = stepper(optimizer, x, compiled);
    step();
    broken = true;
    expect(step).toThrow(
      'momentum: learningRate: expected a finite number of at least 0, got NaN from its schedule at step 1',
    );
    expect(x.item()).toBe(-1);
    expect(optimizer.state().calls).toBe(1);
    expect(optimizer.state().variables.step.item()).toBe(1);
    broken = false;
    step();
    expect(x.item()).toBe(-3.5);
  });

  it('two steps in one call are two calls to a schedule', () => {
    const x = parameter([0]);
    const optimizer = sgd({ learningRate: (at) => 10 ** -at });
    const once = (): void => {
      for (let i = 0; i < 3; i++) optimizer.step([x], [float64([1])]);
    };
    const call = compiled ? compile(once) : once;
    call();
    expect(x.item()).toBeCloseTo(-1.11, 12);
    call();
    expect(x.item()).toBeCloseTo(-1.11111, 12);
    expect(optimizer.state().calls).toBe(6);
  });
});

it('schedules neither retrace nor compile anew', () => {
  const x = parameter([0]);
  const optimizer = adam({
    learningRate: exponentialDecay({ initial: 0.1, rate: 0.5, every: 10 }),
    beta1: stepDecay({ initial: 0.9, factor: 0.5, every: 5 }),
  });
  const step = compile((gradient: Tensor) => {
    optimizer.step([x], [gradient]);
  });
  step(float64([0]));
  const compiled = countCompilations();
  for (let i = 1; i < 20; i++) step(float64([i]));
  expect(step.traces).toBe(1);
  expect(countCompilations()).toBe(compiled);
});

describe('state', () => {
  it('is made once for each parameter and survives retraces', () => {
    const x = parameter([1]);
    const optimizer = adam();
    const step = compile((gradient: Tensor) => {
      optimizer.step([x], [gradient.sum().reshape([1])]);
    });
    step(float64([1]));
    const before = optimizer.state().variables;
    step(float64([1, 2]));
    expect(step.traces).toBe(2);
    expect(optimizer.state().variables).toEqual(before);
    expect(before.step.item()).toBe(2);
  });

  it('is named after parameters, and by their place where two have one name', () => {
    const parameters = [parameter([1], 'weight'), parameter([1], 'bias'), parameter([1], 'weight')];
    const optimizer = adam();
    optimizer.step(parameters, [float64([1]), float64([1]), float64([1])]);
    const { variables } = optimizer.state();
    expect(Object.keys(variables)).toEqual([
      'step',
      '0.weight.m',
      '0.weight.v',
      '1.bias.m',
      '1.bias.v',
      '2.weight.m',
      '2.weight.v',
    ]);
    expect(variables['1.bias.m'].name).toBe('bias.m');
    expect(Object.values(variables).some(({ trainable }) => trainable)).toBe(false);
  });

  it('loaded into another optimizer, goes on exactly where it stood', () => {
    const settings = { learningRate: exponentialDecay({ initial: 0.5, rate: 0.9 }) };
    const walked = parameter([3, -2]);
    const first = adam(settings);
    const walk = (optimizer: Optimizer, x: Variable, steps: number): number[][] =>
      Array.from({ length: steps }, () => {
        optimizer.step([x], [x.mul(2)]);
        return values(x);
      });
    walk(first, walked, 5);
    const resumed = parameter(values(walked));
    const second = adam(settings);
    const { rule, calls, variables } = first.state();
    const copies = Object.fromEntries(
      Object.entries(variables).map(([name, { shape, dtype, value }]) => [
        name,
        tensor(value.dataSync(), { shape, dtype }),
      ]),
    );
    second.load({ rule, calls, variables: copies }, [resumed]);
    expect(walk(second, resumed, 5)).toEqual(walk(first, walked, 5));
    expect(second.state().calls).toBe(10);
  });

  it.each([
    [
      'a name is missing',
      DownhillError,
      '0.x.v missing',
      { step: tensor(0, { dtype: 'int32' }), '0.x.m': float64([1]) },
    ],
    ['a name is unknown', DownhillError, 'y unknown', { ...saved(), y: float64([1]) }],
    ['a shape differs', ShapeError, '0.x.v has shape [2]', { ...saved(), '0.x.v': float64([1, 2]) }],
    ['a dtype differs', DTypeError, '0.x.v is float32', { ...saved(), '0.x.v': tensor([1]) }],
  ])('is refused whole if %s', (_, kind, message, variables) => {
    const optimizer = adam();
    const x = parameter([0]);
    expect(() => optimizer.load({ rule: 'adam', calls: 3, variables }, [x])).toThrow(kind);
    expect(() => optimizer.load({ rule: 'adam', calls: 3, variables }, [x])).toThrow(message);
    expect(optimizer.state().calls).toBe(0);
    expect(Object.keys(optimizer.state().variables)).toEqual(['step']);
  });
});

it('a state of another rule is refused, even one of the same names', () => {
  const x = parameter([0]);
  const optimizer = adamw();
  optimizer.step([x], [float64([1])]);
  expect(() => adam().load(optimizer.state(), [x])).toThrow(DownhillError);
  expect(() => adam().load(optimizer.state(), [x])).toThrow('adam: load: the state is that of adamw');
});

function saved(): Record<string, Tensor> {
  return { step: tensor(3, { dtype: 'int32' }), '0.x.m': float64([1]), '0.x.v': float64([1]) };
}

describe('bad input', () => {
  // @ts-expect-error the types know the options
  const misspelt = (): Optimizer => adam({ lr: 0.1 });
  // @ts-expect-error and their types
  const mistyped = (): Optimizer => adam({ beta1: '0.9' });

  it.each<[string, () => unknown]>([
    [
      'sgd: learningRate: expected a finite number of at least 0, got -0.1',
      () => sgd({ learningRate: -0.1 }),
    ],
    ['sgd: learningRate: expected a finite number of at least 0, got NaN', () => sgd({ learningRate: NaN })],
    [
      'momentum: momentum: expected a finite number from 0 to below 1, got 1',
      () => momentum({ momentum: 1 }),
    ],
    ['adam: beta1: expected a finite number from 0 to below 1, got 1', () => adam({ beta1: 1 })],
    ['adam: beta2: expected a finite number from 0 to below 1, got -0.5', () => adam({ beta2: -0.5 })],
    ['rmsprop: decay: expected a finite number from 0 to below 1, got 1', () => rmsprop({ decay: 1 })],
    [
      'adam: there is no option lr; the options are learningRate, beta1, beta2, epsilon, biasCorrection',
      misspelt,
    ],
    ['adam: beta1: expected a number or a schedule', mistyped],
  ])('%s', (message, make) => {
    expect(make).toThrow(DownhillError);
    expect(make).toThrow(message);
  });

  it.each<[string, (x: Variable) => [Variable[], Tensor[]]]>([
    ['sgd: got 1 parameters and 2 gradients', (x) => [[x], [float64([1]), float64([1])]]],
    ['sgd: the gradient of x (place 0) has shape [2]; expected [1]', (x) => [[x], [float64([1, 2])]]],
    ['sgd: the gradient of x (place 0) is float32; expected float64', (x) => [[x], [tensor([1])]]],
    [
      'sgd: a parameter is listed twice',
      (x) => [
        [x, x],
        [float64([1]), float64([1])],
      ],
    ],
  ])('%s', (message, input) => {
    const x = parameter([5]);
    const optimizer = sgd();
    expect(() => optimizer.step(...input(x))).toThrow(message);
    expect(x.item()).toBe(5);
    expect(optimizer.state().calls).toBe(0);
    optimizer.step([x], [float64([1])]);
    expect(x.item()).toBeCloseTo(4.99, 12);
  });
});
