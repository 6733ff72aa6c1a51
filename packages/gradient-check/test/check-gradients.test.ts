import { customGradient, gradients } from '@downhill/autograd';
import {
  checkGradients,
  formatReport,
  type CheckOptions,
  type GradientReport,
} from '@downhill/gradient-check';
import { crossEntropy, Linear, ReLU, Sequential, softmax, Tanh } from '@downhill/layers';
import { sgd } from '@downhill/optimizers';
import {
  compile,
  DownhillError,
  DTypeError,
  generator,
  max,
  maximum,
  mean,
  random,
  sort,
  square,
  sum,
  tensor,
  TraceError,
  variable,
  where,
  zeros,
  zerosLike,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const cell = (values: number[], name = 'x', dtype: 'float32' | 'float64' = 'float32'): Variable =>
  variable(tensor(values, { dtype }), { name });
const kinks = ({ parameters: [{ coordinates }] }: GradientReport): (string | null)[] =>
  coordinates.map(({ kink }) => kink);

function classifier(activation: 'relu' | 'tanh', dtype: 'float32' | 'float64' = 'float32') {
  const source = { generator: generator(2), dtype };
  const model = new Sequential([
    new Linear(4, 8, source),
    activation === 'relu' ? new ReLU() : new Tanh(),
    new Linear(8, 3, source),
  ]);
  const x = variable(tensor(random.normal([6, 4], source).dataSync(), { shape: [6, 4] }), { name: 'x' });
  const labels = tensor([0, 1, 2, 0, 1, 2], { dtype: 'int32' });
  return { model, x, loss: () => crossEntropy(model.forward(x), labels) };
}

describe('both derivatives', () => {
  it('are computed in float64, whatever the dtype of the model', async () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const { model, x, loss } = classifier('tanh', dtype);
      const report = await checkGradients(loss, { ...model.state(), x });
      expect(report.passed).toBe(true);
      expect(report.loss).toBeCloseTo(loss().item(), 6);
      for (const { verdict, worst } of report.parameters) {
        expect(verdict).toBe('happy');
        expect(worst?.error).toBeLessThan(1e-7);
      }
    }
  });

  it('are what formulas say: 3 x² analytically, 3 x² + h² as a centered difference', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 5 }),
        fc.double({ min: 1e-3, max: 1e-1, noNaN: true }),
        async (values, stepSize) => {
          const x = cell(values);
          const report = await checkGradients(() => sum(x.square().mul(x)), [x], { stepSize });
          report.parameters[0].coordinates.forEach(({ analytic, numeric, index: [place] }) => {
            const slope = 3 * values[place] ** 2;
            expect(Math.abs(analytic - slope)).toBeLessThan(1e-12 * Math.max(1, slope));
            expect(Math.abs(numeric - slope - stepSize ** 2)).toBeLessThan(1e-10);
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('agree where both are 0', async () => {
    const [x, idle] = [cell([1, 2]), cell([3, 4], 'idle')];
    const report = await checkGradients(() => sum(square(x)).add(sum(idle.mul(0))), [x, idle]);
    expect(report.parameters[1]).toMatchObject({
      verdict: 'happy',
      worst: { analytic: 0, numeric: 0, error: 0 },
    });
    expect(report.warnings).toEqual([
      'all derivatives by idle that were looked at are 0, which proves little',
    ]);
  });

  it('agree where one is 0 and the other is what rounding leaves of the loss', async () => {
    // 1e6 has units of 1e-10 in the last place: over 2e-5 the difference may be 1e-5 without meaning anything.
    const x = cell([0.3, 0.7], 'x', 'float64');
    const loss = () => sum(x.mul(1e-9)).add(1e6).add(sum(x.sin()).mul(1e-9));
    expect((await checkGradients(loss, [x])).passed).toBe(true);
  });

  it('are compared in some coordinates of every parameter, in all of small ones', async () => {
    const { model, loss } = classifier('tanh');
    const { parameters } = await checkGradients(loss, model.state(), { coordinates: 5 });
    expect(parameters.map(({ name, coordinates }) => [name, coordinates.length])).toEqual([
      ['0.weight', 5],
      ['0.bias', 5],
      ['2.weight', 5],
      ['2.bias', 3],
    ]);
    for (const { coordinates, shape } of parameters) {
      const places = coordinates.map(({ index }) => index.join());
      expect(new Set(places).size).toBe(places.length);
      for (const { index } of coordinates)
        index.forEach((each, axis) => expect(each).toBeLessThan(shape[axis]));
    }
  });

  it('of coordinates that a seed chooses', async () => {
    const x = cell(Array.from({ length: 200 }, (_, i) => i / 100));
    const places = async (options: CheckOptions): Promise<string> => {
      const { parameters } = await checkGradients(() => sum(square(x)), [x], options);
      return parameters[0].coordinates.map(({ index }) => index.join()).join(' ');
    };
    expect(await places({})).toBe(await places({ seed: 0 }));
    expect(await places({ seed: 1 })).not.toBe(await places({}));
  });
});

describe('kinks', () => {
  it('a coordinate crosses that of |x| exactly if x is nearer to 0 than the step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: -2, max: 2, noNaN: true }), async (steps) => {
        fc.pre(Math.abs(Math.abs(steps) - 1) > 1e-6);
        const stepSize = 1e-3;
        const x = cell([steps * stepSize, 1], 'x', 'float64');
        const report = await checkGradients(() => sum(x.abs()), [x], { stepSize });
        expect(kinks(report)).toEqual([Math.abs(steps) < 1 ? 'abs of shape [2]' : null, null]);
        expect(report.passed).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each<[string, (x: Variable) => Tensor]>([
    ['maximum', (x) => sum(x.relu().mul(3))],
    ['minimum', (x) => sum(x.minimum(0).mul(2))],
    ['max', (x) => max(x)],
    ['min', (x) => x.neg().min()],
    ['less', (x) => sum(where(x.greater(0), x.square(), x.mul(2)))],
    ['lessEqual', (x) => sum(where(x.lessEqual(0), 1, 2).mul(x.sub(1)))],
    ['sign', (x) => sum(x.sign().mul(x.add(1)))],
    ['floor', (x) => sum(x.floor().add(x))],
    ['cast', (x) => sum(x.add(1).cast('int32').cast('float32').mul(x.add(2)))],
    ['argsort', (x) => sum(sort(x).mul(tensor([1, 5])))],
    [
      'argMax',
      (x) =>
        x
          .take(x.argmax().reshape([1]))
          .sum()
          .add(sum(x.square())),
    ],
  ])('%s is named, and not counted as wrong', async (name, loss) => {
    // The first element is at the kink or, for what orders them, both are: 1e-7 apart.
    const x = cell([0, 1e-7], 'x', 'float64');
    const report = await checkGradients(() => loss(x), [x]);
    expect(kinks(report)[0]).toMatch(new RegExp(`^${name} of shape`));
    expect(report.parameters[0].coordinates[0].kink).not.toBeNull();
    expect(report.parameters[0].verdict).toBe('unknown');
    expect(report.passed).toBe(false);
    expect(report.warnings[0]).toContain('all coordinates of x that were looked at cross a kink');
  });

  it('away from them a loss that has them is judged as such, and happy if it is exact', async () => {
    const { model, x, loss } = classifier('relu');
    const { passed, parameters } = await checkGradients(loss, { ...model.state(), x });
    expect(passed).toBe(true);
    for (const { verdict } of parameters) expect(['happy', 'acceptable']).toContain(verdict);
  });

  it('the shift of a log-sum-exp is none, even where all scores are equal', async () => {
    const scores = variable(zeros([4, 3]), { name: 'scores' });
    const report = await checkGradients(
      () => crossEntropy(scores, tensor([0, 1, 2, 0], { dtype: 'int32' })),
      [scores],
    );
    expect(kinks(report).every((each) => each === null)).toBe(true);
    expect(report.parameters[0].verdict).toBe('happy');
  });

  it('an error of 1e-5 is suspicious with a smooth loss, acceptable with kinks', async () => {
    const nearly = customGradient(
      (x) => x.square(),
      (gradient, { inputs: [x] }) => [x.mul(2 * (1 + 1e-5)).mul(gradient)],
    );
    const x = cell([1, 2], 'x', 'float64');
    const verdictOf = async (loss: () => Tensor): Promise<string> =>
      (await checkGradients(loss, [x])).parameters[0].verdict;
    expect(await verdictOf(() => sum(nearly(x)))).toBe('suspicious');
    expect(await verdictOf(() => sum(nearly(x.relu())))).toBe('acceptable');
  });
});

describe('randomness and state', () => {
  it('both evaluations see the same draws, masks as the model sees them, and nothing is drawn for good', async () => {
    const source = { generator: generator(5) };
    const x = cell(Array.from({ length: 40 }, (_, i) => 1 + i / 10));
    let kept: Tensor | undefined;
    const loss = () => {
      const mask = random.bernoulli([40], { probability: 0.3, ...source });
      kept = mask;
      return sum(where(mask, x.square(), 0));
    };
    loss();
    const mask = kept?.dataSync() ?? [];
    source.generator.counter.assign(0);
    const { passed, parameters } = await checkGradients(loss, [x], { coordinates: 40 });
    expect(passed).toBe(true);
    parameters[0].coordinates.forEach(({ analytic, numeric, index: [i] }) => {
      expect(analytic).toBeCloseTo(mask[i] === 0 ? 0 : 2 * x.dataSync()[i], 9);
      expect(numeric).toBeCloseTo(analytic, 6);
    });
    expect([...mask].filter((each) => each === 1).length).toBeGreaterThan(3);
    expect(source.generator.counter.item()).toBe(0);
  });

  it('what a loss assigns is dropped, and variables stay what they are', async () => {
    const x = cell([1, 2, 3]);
    const running = cell([7], 'running');
    await checkGradients(() => {
      running.assign(running.mul(0.9).add(mean(x).mul(0.1)));
      return sum(square(x)).add(sum(running));
    }, [x]);
    expect([...x.dataSync()]).toEqual([1, 2, 3]);
    expect(running.item()).toBe(7);
  });

  it('a burn-in runs first, and the gradient is checked where it led', async () => {
    const x = cell([4]);
    const optimizer = sgd({ learningRate: 0.25 });
    const step = compile(() => {
      const loss = sum(square(x));
      optimizer.step([x], gradients(loss, [x]));
    });
    const { loss } = await checkGradients(() => sum(square(x)), [x], { burnIn: { steps: 2, step } });
    expect(x.item()).toBe(1);
    expect(loss).toBe(1);
  });
});

describe('what can be checked', () => {
  it('a single layer, whose output is no scalar, with its input', async () => {
    const layer = new Linear(3, 5, { generator: generator(1) });
    const input = variable(random.normal([2, 3], { generator: generator(9) }), { name: 'input' });
    const report = await checkGradients(() => layer.forward(input), { ...layer.state(), input });
    expect(report.parameters.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'weight happy',
      'bias happy',
      'input happy',
    ]);
  });

  it('all outputs of a layer count: a gradient that is lost for one of them is found', async () => {
    const x = cell([1, 2, 3]);
    const lossy = customGradient(
      (values) => values.mul(2),
      (gradient) => [gradient.mul(tensor([2, 2, 0]))],
    );
    const { parameters } = await checkGradients(() => lossy(x), [x]);
    expect(parameters[0]).toMatchObject({ verdict: 'wrong', worst: { index: [2], analytic: 0 } });
  });

  it('a custom derivative, with its inner kinks', async () => {
    const straight = customGradient(
      (x) => maximum(x, 0),
      (gradient, { inputs: [x] }) => [where(x.greater(0), gradient, 0)],
    );
    const x = cell([-1, 1e-9, 2], 'x', 'float64');
    const report = await checkGradients(() => sum(straight(x).mul(2)), [x]);
    expect(kinks(report)).toEqual([null, 'maximum of shape [3]', null]);
    expect(report.parameters[0].verdict).toBe('happy');
  });

  it('a custom derivative of float32 works on numbers of float64', async () => {
    const exponential = customGradient(
      (x) => x.exp(),
      (gradient, { output }) => [gradient.mul(output)],
    );
    const x = cell([0.3, -0.7, 1.1]);
    const { parameters } = await checkGradients(() => sum(exponential(x.tanh()).sin()), [x]);
    parameters[0].coordinates.forEach(({ analytic, index: [place] }) => {
      const inner = Math.tanh(x.dataSync()[place]);
      const slope = Math.cos(Math.exp(inner)) * Math.exp(inner) * (1 - inner ** 2);
      expect(Math.abs(analytic - slope)).toBeLessThan(1e-14);
    });
  });

  it('a layer whose outputs add up to a constant', async () => {
    const lost = customGradient(
      (scores) => softmax(scores),
      (gradient) => [zerosLike(gradient)],
    );
    const scores = cell([1, 2, 3], 'scores');
    expect((await checkGradients(() => softmax(scores), [scores])).passed).toBe(true);
    expect((await checkGradients(() => lost(scores), [scores])).parameters[0].verdict).toBe('wrong');
  });

  it('where regularization dominates a warning says so', async () => {
    const { model, loss } = classifier('tanh');
    const penalty = (strength: number) => () =>
      model
        .parameters()
        .map((each) => sum(square(each)).mul(strength))
        .reduce((a, b) => a.add(b));
    const warningsAt = async (strength: number): Promise<readonly string[]> => {
      const regularization = penalty(strength);
      const report = await checkGradients(() => loss().add(regularization()), model.state(), {
        regularization,
      });
      expect(report.passed).toBe(true);
      return report.warnings;
    };
    expect(await warningsAt(1e-4)).toEqual([]);
    const warnings = await warningsAt(10);
    expect(warnings[0]).toMatch(
      /^the regularization dominates the gradient by 0\.weight \(norm .*, the data's .*\)/,
    );
  });
});

describe('the report', () => {
  it('is plain data, and prints as a table', async () => {
    const x = cell([1, -2], 'x', 'float64');
    const report = await checkGradients(() => sum(x.square().mul(x)), [x]);
    const copy = structuredClone(report);
    expect(copy).toEqual(JSON.parse(JSON.stringify(report)));
    expect(formatReport(copy)).toBe(String(report));
    const [first, head, line] = String(report).split('\n');
    expect(first).toBe('loss -7, all gradients within 0.00001');
    expect(head).toMatch(/^parameter {2}shape {2}checked {2}kinks {2}worst at {2}analytic .* verdict$/);
    expect(line).toMatch(/^x +\[2\] +2 +0 +\[\d\] +\d\.\d{6}e\+\d/);
  });

  it('names variables of a list by place where a name occurs twice', async () => {
    const [a, b, c] = [cell([1], 'weight'), cell([2], 'weight'), cell([3], 'bias')];
    const report = await checkGradients(() => sum(a.mul(b).add(c)), [a, b, c]);
    expect(report.parameters.map(({ name }) => name)).toEqual(['0.weight', '1.weight', 'bias']);
  });

  it('fails by the tolerance that is asked for', async () => {
    const x = cell([1], 'x', 'float64');
    const nearly = customGradient(
      (y) => y.square(),
      (gradient, { inputs: [y] }) => [y.mul(2.002).mul(gradient)],
    );
    const loss = () => sum(nearly(x));
    expect((await checkGradients(loss, [x])).passed).toBe(false);
    expect((await checkGradients(loss, [x], { tolerance: 1e-2 })).passed).toBe(true);
    expect((await checkGradients(loss, [x])).parameters[0].worst?.error).toBeCloseTo(0.002 / 2.002, 6);
  });
});

describe('bad input is refused and changes nothing', () => {
  const x = cell([2]);
  const fine = () => sum(square(x));
  const whole = variable(tensor([1], { dtype: 'int32' }), { name: 'whole' });

  it.each<[string, unknown, unknown, object, new (message: string) => Error]>([
    ['expected a function () => loss, got number', 3, [x], {}, DTypeError],
    ['expected variables, in an array or by name, got null', fine, null, {}, DTypeError],
    ['expected at least one variable', fine, [], {}, DownhillError],
    ['expected a variable at 1, got number', fine, [x, 3], {}, DTypeError],
    ["variable 'whole' is int32", fine, [whole], {}, DTypeError],
    ["variable 'x' is listed twice", fine, [x, x], {}, DownhillError],
    ["does not depend on variable 'y'", fine, [x, cell([1], 'y')], {}, DownhillError],
    ['the loss must return a tensor, got number', () => 3, [x], {}, DTypeError],
    ['got a promise; it must not be async', () => Promise.resolve(fine()), [x], {}, DTypeError],
    ['must be float32 or float64, got int32', () => sum(x.cast('int32')), [x], {}, DTypeError],
    ['the loss is NaN in float64', () => sum(x.neg().log()), [x], {}, DownhillError],
    ['there is no option step', fine, [x], { step: 1 }, DownhillError],
    ['stepSize: expected a number above 0, got 0', fine, [x], { stepSize: 0 }, DownhillError],
    [
      'coordinates: expected a whole number of at least 1, got 0.5',
      fine,
      [x],
      { coordinates: 0.5 },
      DownhillError,
    ],
    ['tolerance: expected a number of at least 0, got NaN', fine, [x], { tolerance: NaN }, DownhillError],
    ['seed: expected a whole number of at least 0, got -1', fine, [x], { seed: -1 }, DownhillError],
    [
      'burnIn.steps: expected a whole number',
      fine,
      [x],
      { burnIn: { steps: -1, step: fine } },
      DownhillError,
    ],
    ['burnIn.step: expected a function', fine, [x], { burnIn: { steps: 1 } }, DownhillError],
    ['regularization: expected a function', fine, [x], { regularization: 3 }, DownhillError],
  ])('%s', async (message, loss, variables, options, kind) => {
    const run = checkGradients(loss as () => Tensor, variables as Variable[], options);
    await expect(run).rejects.toThrow(kind);
    await expect(run).rejects.toThrow(message);
    expect(x.item()).toBe(2);
  });

  it('a derivative that is not a number is wrong', async () => {
    const y = cell([0], 'y', 'float64');
    const { parameters } = await checkGradients(() => sum(y.sqrt()).add(1), [y]);
    expect(parameters[0]).toMatchObject({ verdict: 'wrong', worst: { error: Infinity } });
  });

  it('inside a compiled function', async () => {
    let refused: Promise<unknown> = Promise.resolve();
    compile(() => {
      refused = checkGradients(fine, [x]);
      refused.catch(() => undefined);
      return x.value;
    })();
    await expect(refused).rejects.toThrow(TraceError);
  });
});
