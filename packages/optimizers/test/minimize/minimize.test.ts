import { jvp } from '@downhill/autograd';
import { crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import { minimize, type MinimizeMethod } from '@downhill/optimizers';
import {
  compile,
  DownhillError,
  DTypeError,
  generator,
  hostInput,
  matmul,
  portable,
  random,
  setBackend,
  ShapeError,
  square,
  sum,
  tensor,
  TraceError,
  variable,
  where,
  type Backend,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

const METHODS: MinimizeMethod[] = ['newton', 'bfgs', 'lbfgs', 'conjugateGradient', 'gradientDescent'];

const float64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });
const cell = (values: number[], name = 'x'): Variable => variable(float64(values), { name });
const values = (x: Variable): number[] => [...x.dataSync()];

/** ½ (x − c)ᵀ A (x − c) with A = BᵀB + I: a convex bowl whose lowest point is c. */
const bowls = fc.integer({ min: 1, max: 6 }).chain((n) => {
  const number = fc.double({ min: -3, max: 3, noNaN: true });
  const vector = fc.array(number, { minLength: n, maxLength: n });
  return fc.record({
    b: fc.array(vector, { minLength: n, maxLength: n }),
    c: vector,
    start: vector,
  });
});

function bowl(x: Variable, { b, c }: { b: number[][]; c: number[] }): () => Tensor {
  const [matrix, lowest] = [float64(b), float64(c)];
  return () => {
    const away = x.sub(lowest);
    return sum(square(matmul(matrix, away)))
      .add(sum(square(away)))
      .div(2);
  };
}

/** (1 − a)² + 100 (b − a²)², with a and b in variables of their own. */
function rosenbrock(a: Variable, b: Variable): () => Tensor {
  return () =>
    square(a.sub(1))
      .add(square(b.sub(square(a))).mul(100))
      .sum();
}

describe('on convex quadratics', () => {
  it('newton arrives in one step', async () => {
    await fc.assert(
      fc.asyncProperty(bowls, async (problem) => {
        const x = cell(problem.start);
        const result = await minimize(bowl(x, problem), [x], { method: 'newton' });
        expect(result.reason).toBe('gradient');
        expect(result.iterations).toBeLessThanOrEqual(1);
        expect(result.evaluations).toBeLessThanOrEqual(2);
        values(x).forEach((value, i) => {
          expect(value).toBeCloseTo(problem.c[i], 9);
        });
      }),
      { numRuns: 40 },
    );
  });

  it.each([...METHODS.map((method) => ({ method })), { method: 'newton', hessianLimit: 0 }] as const)(
    'every method arrives: $method',
    async (options) => {
      await fc.assert(
        fc.asyncProperty(bowls, async (problem) => {
          const x = cell(problem.start);
          const result = await minimize(bowl(x, problem), [x], { gradientTolerance: 1e-8, ...options });
          expect(result.reason).toBe('gradient');
          values(x).forEach((value, i) => {
            expect(value).toBeCloseTo(problem.c[i], 6);
          });
        }),
        { numRuns: 15 },
      );
    },
  );

  it('directions of conjugateGradient make it arrive in about n steps, where gradientDescent zigzags', async () => {
    const steep = float64([1, 10, 100, 1000]);
    const stepsOf = async (method: MinimizeMethod): Promise<number> => {
      const x = cell([1, 1, 1, 1]);
      const objective = () => sum(square(x).mul(steep));
      return (await minimize(objective, [x], { method })).iterations;
    };
    const [conjugate, steepest] = [await stepsOf('conjugateGradient'), await stepsOf('gradientDescent')];
    expect(conjugate).toBeLessThan(25);
    expect(steepest).toBeGreaterThan(3 * conjugate);
  });
});

describe('a curved valley in two variables', () => {
  it.each(METHODS)('%s comes to its end in float64', async (method) => {
    const [a, b] = [cell([-1.2], 'a'), cell([1], 'b')];
    const options = { method, maxIterations: method === 'gradientDescent' ? 50_000 : 1000 };
    const result = await minimize(rosenbrock(a, b), [a, b], options);
    expect(result.reason).toBe('gradient');
    expect(result.gradientNorm).toBeLessThanOrEqual(5e-6);
    expect(a.item()).toBeCloseTo(1, 4);
    expect(b.item()).toBeCloseTo(1, 4);
    expect(rosenbrock(a, b)().item()).toBe(result.value);
  });

  it.each(['newton', 'bfgs', 'lbfgs', 'conjugateGradient'] as const)(
    '%s comes to its end in float32',
    async (method) => {
      const [a, b] = [variable([-1.2]), variable([1])];
      const result = await minimize(rosenbrock(a, b), [a, b], { method, gradientTolerance: 1e-4 });
      expect(result.reason).toBe('gradient');
      expect([a.dtype, b.dtype]).toEqual(['float32', 'float32']);
      expect(a.item()).toBeCloseTo(1, 3);
      expect(b.item()).toBeCloseTo(1, 3);
      expect(rosenbrock(a, b)().item()).toBe(Math.fround(result.value));
    },
  );

  it('variables of both dtypes are minimized together', async () => {
    const [a, b] = [variable([-1.2]), cell([1])];
    const objective = () =>
      square(a.sub(1))
        .add(square(b.sub(square(a))).mul(100))
        .sum();
    const result = await minimize(objective, [a, b], { gradientTolerance: 1e-3 });
    expect(result.reason).toBe('gradient');
    expect(a.item()).toBeCloseTo(1, 3);
  });
});

describe('newton', () => {
  it('leaves a region that curves downwards, with the whole Hessian and with products', async () => {
    for (const hessianLimit of [100, 0]) {
      const x = cell([0.1, 0.3]);
      // Two wells, at ±1 along the first axis; the start is near the saddle between them.
      const objective = () => {
        const [a, b] = [x.value.slice(0), x.value.slice(1)];
        return square(square(a).sub(1)).add(square(b));
      };
      const result = await minimize(objective, [x], { method: 'newton', hessianLimit });
      expect(result.value).toBeLessThan(1e-10);
      expect(Math.abs(values(x)[0])).toBeCloseTo(1, 5);
    }
  });

  it('on products with the Hessian needs few evaluations where there are many variables', async () => {
    const n = 400;
    const x = variable(
      tensor(
        Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1)),
        { dtype: 'float64' },
      ),
    );
    const objective = () => {
      const [a, b] = [x.value.slice([0, undefined, 2]), x.value.slice([1, undefined, 2])];
      return square(a.sub(1))
        .add(square(b.sub(square(a))).mul(100))
        .sum();
    };
    const result = await minimize(objective, [x], { method: 'newton' });
    expect(result.reason).toBe('gradient');
    expect(result.value).toBeLessThan(1e-10);
    expect(result.evaluations).toBeLessThan(n / 2);
  });
});

describe('a model’s full-batch loss', () => {
  const makeProblem = () => {
    const source = { generator: generator(3) };
    const model = new Sequential([new Linear(2, 8, source), new ReLU(), new Linear(8, 2, source)]);
    const inputs = random.normal([64, 2], source);
    const labels = tensor(inputs.prod({ axis: 1 }).greater(0).cast('int32').dataSync());
    return { model, objective: () => crossEntropy(model.forward(inputs), labels) };
  };

  it('is an objective like any other', async () => {
    const { model, objective } = makeProblem();
    const before = objective().item();
    const result = await minimize(objective, model.parameters(), { maxIterations: 100 });
    expect(before).toBeGreaterThan(0.5);
    expect(result.value).toBeLessThan(0.05);
    expect(objective().item()).toBeCloseTo(result.value, 6);
  });

  describe('on a backend that counts', () => {
    afterEach(() => {
      setBackend(portable());
    });

    it('has its data uploaded once, and each program compiled once', async () => {
      const real = portable();
      let [compiled, large, runs] = [0, 0, 0];
      const counting: Backend = {
        name: 'counting',
        compile: (program) => {
          compiled++;
          const executable = real.compile(program);
          return {
            run: (bindings) => {
              runs++;
              if (bindings.inputs.some(({ length }) => length >= 128)) large++;
              return executable.run(bindings);
            },
          };
        },
        allocate: (dtype, length) => real.allocate(dtype, length),
        write: (storage, data) => {
          if (data.length === 128) large++;
          real.write(storage, data);
        },
        read: (storage) => real.read(storage),
        free: (storage) => {
          real.free(storage);
        },
      };
      const { model, objective } = makeProblem();
      objective().item();
      setBackend(counting);
      const first: number[] = [];
      const { evaluations, iterations } = await minimize(objective, model.parameters(), {
        maxIterations: 20,
        onIteration: () => {
          first.push(large, compiled);
        },
      });
      expect(evaluations).toBeGreaterThan(20);
      expect(runs).toBeGreaterThanOrEqual(evaluations + iterations);
      // All by the first step, nothing after it.
      expect(first[0]).toBeGreaterThan(0);
      expect([large, compiled]).toEqual(first.slice(0, 2));
      expect(compiled).toBeLessThan(10);
    });
  });
});

describe('what an objective does besides', () => {
  it('assignments are dropped, in all methods', async () => {
    for (const method of METHODS) {
      const x = cell([3]);
      const seen = variable(tensor(0, { dtype: 'int32' }), { name: 'seen' });
      const mean = cell([7], 'mean');
      const objective = () => {
        seen.assign(seen.add(1));
        mean.assign(mean.mul(0.9).add(x.mul(0.1)));
        return square(x.sub(seen.sub(1))).sum();
      };
      const result = await minimize(objective, [x], { method });
      expect(result.reason).toBe('gradient');
      expect(x.item()).toBeCloseTo(0, 5);
      expect([seen.item(), mean.item()]).toEqual([0, 7]);
    }
  });

  it('random draws are refused by the name of the op, with nothing changed', async () => {
    const source = { generator: generator(1) };
    const x = cell([3, 4]);
    const noisy = () => sum(where(random.bernoulli([2], source), square(x), 0));
    const refused = minimize(noisy, [x]);
    await expect(refused).rejects.toThrow(DownhillError);
    await expect(refused).rejects.toThrow(/draws random numbers \(randomBits of shape \[2\]\).*dropout/);
    expect(values(x)).toEqual([3, 4]);
    expect(source.generator.counter.item()).toBe(0);
  });

  it('what was drawn before, or is drawn and not used, is no noise', async () => {
    const source = { generator: generator(1) };
    const fixed = random.normal([2], { ...source, dtype: 'float64' });
    const x = cell([3, 4]);
    const objective = () => {
      random.bernoulli([2], source);
      return sum(square(x.sub(fixed)));
    };
    expect((await minimize(objective, [x])).reason).toBe('gradient');
    values(x).forEach((value, i) => {
      expect(value).toBeCloseTo(fixed.dataSync()[i], 5);
    });
  });

  it('a host input, which may change, is refused', async () => {
    const x = cell([3]);
    await expect(minimize(() => x.mul(hostInput(() => 2)).sum(), [x])).rejects.toThrow(
      /hostInput.*may change/,
    );
  });
});

describe('stopping', () => {
  const valley = () => {
    const [a, b] = [cell([-1.2], 'a'), cell([1], 'b')];
    return { a, variables: [a, b], objective: rosenbrock(a, b) };
  };

  it('tells of each step, with the variables there', async () => {
    const { variables, objective } = valley();
    const seen: number[] = [];
    const result = await minimize(objective, variables, {
      onIteration: ({ value, iterations }) => {
        expect(objective().item()).toBe(value);
        expect(iterations).toBe(seen.push(value));
      },
    });
    expect(seen).toHaveLength(result.iterations);
    expect(seen).toEqual([...seen].sort((x, y) => y - x));
  });

  it('at the number of iterations and of evaluations that are allowed', async () => {
    const first = valley();
    expect(await minimize(first.objective, first.variables, { maxIterations: 5 })).toMatchObject({
      reason: 'iterations',
      iterations: 5,
    });
    const second = valley();
    expect(await minimize(second.objective, second.variables, { maxEvaluations: 7 })).toMatchObject({
      reason: 'evaluations',
      evaluations: 7,
    });
  });

  it('when asked, at once or from a timer, with the best point so far', async () => {
    const first = valley();
    const aborted = await minimize(first.objective, first.variables, { signal: AbortSignal.abort() });
    expect(aborted).toMatchObject({ reason: 'aborted', iterations: 0 });
    expect(first.a.item()).toBe(-1.2);

    const second = valley();
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 1);
    const result = await minimize(second.objective, second.variables, {
      method: 'gradientDescent',
      maxIterations: Infinity,
      gradientTolerance: 0,
      signal: controller.signal,
    });
    expect(result.reason).toBe('aborted');
    expect(second.objective().item()).toBe(result.value);
  });

  it('when a step gains too little', async () => {
    const { variables, objective } = valley();
    const result = await minimize(objective, variables, { valueTolerance: 0.1 });
    expect(result.reason).toBe('value');
    expect(result.gradientNorm).toBeGreaterThan(1e-3);
  });

  it('when rounding decides, and when the value has no end', async () => {
    const x = cell([0.3, -0.2, 0.1]);
    const mixed = float64([
      [0.7, 0.3, 0.1],
      [0.2, 1.1, 0.3],
      [0.1, 0.4, 0.9],
    ]);
    const objective = () => sum(matmul(mixed, x).exp()).sub(sum(x.mul(3)));
    const rough = await minimize(objective, [x], { gradientTolerance: 0 });
    expect(rough.reason).toBe('precision');
    expect(rough.gradientNorm).toBeLessThan(1e-8);
    const z = cell([1]);
    expect((await minimize(() => square(z).neg().sum(), [z])).reason).toBe('unbounded');
  });

  it('at the start, where the gradient is 0 already', async () => {
    const x = cell([0]);
    expect(await minimize(() => square(x).sum(), [x])).toEqual({
      value: 0,
      gradientNorm: 0,
      iterations: 0,
      evaluations: 1,
      reason: 'gradient',
    });
  });

  it('steps back from where the objective is not finite', async () => {
    for (const [method, start] of METHODS.flatMap((each) => [[each, 0.01] as const, [each, 5] as const])) {
      const x = cell([start]);
      // −log x + x is NaN below 0 and least at 1.
      const result = await minimize(() => x.sub(x.log()).sum(), [x], { method });
      expect(result.reason).toBe('gradient');
      expect(x.item()).toBeCloseTo(1, 4);
    }
  });
});

describe('bad input is refused and changes nothing', () => {
  const x = cell([2]);
  const fine = () => square(x).sum();
  const whole = variable(tensor([1], { dtype: 'int32' }), { name: 'whole' });

  it.each<[string, () => unknown, readonly unknown[], object, new (message: string) => Error]>([
    ['expected an array of at least one variable', fine, [], {}, DTypeError],
    ['expected variables, got number at place 1', fine, [x, 3], {}, DTypeError],
    ["variable 'whole' is int32", fine, [whole], {}, DTypeError],
    ["variable 'x' is listed twice", fine, [x, x], {}, DownhillError],
    ['must return a tensor, a scalar, got number', () => 3, [x], {}, DTypeError],
    ['got a promise; it must not be async', () => Promise.resolve(fine()), [x], {}, DTypeError],
    ['must return a scalar, got shape [1]', () => square(x), [x], {}, ShapeError],
    ['must be float32 or float64, got int32', () => x.cast('int32').sum(), [x], {}, DTypeError],
    ["does not depend on variable 'y'", fine, [x, cell([1], 'y')], {}, DownhillError],
    ['is NaN with a gradient norm of 0.5', () => x.neg().log().sum(), [x], {}, DownhillError],
    ['there is no option tolerance', fine, [x], { tolerance: 1 }, DownhillError],
    ['method: expected one of newton, bfgs', fine, [x], { method: 'adam' }, DownhillError],
    [
      'maxIterations: expected a whole number of at least 0, got 1.5',
      fine,
      [x],
      { maxIterations: 1.5 },
      DownhillError,
    ],
    ['history: expected a whole number of at least 1, got 0', fine, [x], { history: 0 }, DownhillError],
    [
      'gradientTolerance: expected a number of at least 0, got NaN',
      fine,
      [x],
      { gradientTolerance: NaN },
      DownhillError,
    ],
  ])('%s', async (message, objective, variables, options, kind) => {
    const run = minimize(objective as () => Tensor, variables as Variable[], options);
    await expect(run).rejects.toThrow(kind);
    await expect(run).rejects.toThrow(message);
    expect(x.item()).toBe(2);
  });

  it('inside a compiled function', async () => {
    let refused: Promise<unknown> = Promise.resolve();
    compile(() => {
      refused = minimize(fine, [x]);
      refused.catch(() => undefined);
      return x.value;
    })();
    await expect(refused).rejects.toThrow(TraceError);
  });
});

it('products with the Hessian are the derivative of the gradient', async () => {
  // Truncated Newton on a quartic whose Hessian is known: one step from x is −∇f / ∇²f = −x / 3 for Σ x⁴ where all are equal.
  const x = cell([2, 2, 2]);
  let after: number[] = [];
  await minimize(() => sum(square(square(x))), [x], {
    method: 'newton',
    hessianLimit: 0,
    maxIterations: 1,
    onIteration: () => {
      after = values(x);
    },
  });
  const { tangent } = jvp((y) => y.square().mul(y).mul(4), [2], [1]);
  after.forEach((value) => {
    expect(value).toBeCloseTo(2 - 32 / tangent.item(), 9);
  });
});
