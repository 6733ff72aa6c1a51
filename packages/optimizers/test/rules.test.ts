import {
  compile,
  DownhillError,
  ShapeError,
  tensor,
  variable,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import * as optimizers from '@downhill/optimizers';
import { muon, nesterov, rmsprop, type Optimizer } from '@downhill/optimizers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from './problems.js';

const float64 = (values: number[], shape?: number[]): Tensor =>
  tensor(values, { dtype: 'float64', ...(shape === undefined ? {} : { shape }) });
const coordinate = fc.double({ min: -2, max: 2, noNaN: true });

/** The gradient of test/problems.ts's Rosenbrock valley, on plain numbers. */
function valley([a, b]: readonly number[]): number[] {
  const wall = b - a * a;
  return [2 * a - 2 - 400 * a * wall, 200 * wall];
}

describe('nesterov', () => {
  it('walks the path of the look-ahead form, which takes the gradient where the velocity leads', () => {
    fc.assert(
      fc.property(
        fc.tuple(coordinate, coordinate),
        fc.double({ min: 1e-5, max: 1e-4, noNaN: true }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (start, learningRate, momentum) => {
          const x = variable(float64([...start]), { name: 'x' });
          const optimizer = nesterov({ learningRate, momentum });
          const step = compile(() => {
            optimizer.step([x], gradientsOf.rosenbrock([x]));
          });
          let y = [...start];
          let v = [0, 0];
          for (let i = 0; i < 60; i++) {
            step();
            const ahead = valley(y.map((value, k) => value + momentum * v[k]));
            v = v.map((value, k) => momentum * value - learningRate * ahead[k]);
            y = y.map((value, k) => value + v[k]);
            const velocity = optimizer.state().variables['0.x.velocity'].dataSync();
            x.dataSync().forEach((value, k) => {
              expect(value - momentum * velocity[k]).toBeCloseTo(y[k], 9);
              expect(velocity[k]).toBeCloseTo(v[k], 9);
            });
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('rmsprop', () => {
  it.each([
    [{}, ['cache']],
    [{ centered: true }, ['cache', 'mean']],
    [{ momentum: 0.5 }, ['cache', 'velocity']],
    [{ centered: true, momentum: () => 0.5 }, ['cache', 'mean', 'velocity']],
  ])('with %j keeps %j and no more', (options, kept) => {
    const x = variable(float64([1]), { name: 'x' });
    const optimizer = rmsprop(options);
    optimizer.step([x], [float64([1])]);
    expect(Object.keys(optimizer.state().variables)).toEqual(['step', ...kept.map((key) => `0.x.${key}`)]);
  });
});

describe('muon', () => {
  /** The singular values of a matrix of two rows, from the eigenvalues of its Gram matrix. */
  function singularValues([first, second]: readonly number[][]): number[] {
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
    const [a, b, c] = [dot(first, first), dot(first, second), dot(second, second)];
    const root = Math.hypot((a - c) / 2, b);
    return [(a + c) / 2 + root, (a + c) / 2 - root].map((value) => Math.sqrt(Math.max(0, value)));
  }

  const row = fc.tuple(coordinate, coordinate, coordinate);

  it('moves a matrix about equally far in all its directions, whatever the gradient favours', () => {
    fc.assert(
      fc.property(row, row, (first, second) => {
        const [large, small] = singularValues([first, second]);
        fc.pre(small > 0.05 * large && large > 1e-3);
        const x = variable(float64([0, 0, 0, 0, 0, 0], [2, 3]));
        muon({ learningRate: 1 }).step([x], [float64([...first, ...second], [2, 3])]);
        for (const value of singularValues(x.toArray() as number[][])) {
          expect(value).toBeGreaterThan(0.65);
          expect(value).toBeLessThan(1.25);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('takes the axes behind the first of a larger parameter as one', () => {
    const values = [3, 1, -2, 0.5, 0, 1, 2, -1];
    const walk = (shape: number[]): number[] => {
      const x: Variable = variable(float64(values, shape));
      muon().step([x], [float64([...values].reverse(), shape)]);
      return [...x.dataSync()];
    };
    expect(walk([2, 2, 2])).toEqual(walk([2, 4]));
  });

  it('refuses vectors, and changes nothing', () => {
    const bias = variable(float64([1, 2]), { name: 'bias' });
    const optimizer = muon();
    const step = (): unknown => optimizer.step([bias], [float64([1, 1])]);
    expect(step).toThrow(ShapeError);
    expect(step).toThrow('muon: expected matrices, got a parameter of shape [2]; give it another rule');
    expect(bias.toArray()).toEqual([1, 2]);
    expect(optimizer.state().calls).toBe(0);
  });
});

describe('every rule', () => {
  interface AnyRule {
    (options?: object): Optimizer;
    readonly rule: { readonly name: string; readonly defaults: object; readonly ranges?: object };
  }
  const rules = Object.entries(optimizers).flatMap(([name, value]): [string, AnyRule][] =>
    'rule' in value ? [[name, value as unknown as AnyRule]] : [],
  );
  const matrix = (): Variable => variable(float64([1, -2, 3, 0.5], [2, 2]), { name: 'x' });
  const gradient = (): Tensor => float64([1, 1, -1, 2], [2, 2]);

  it('is called what it is exported as', () => {
    expect(rules).toHaveLength(15);
    for (const [name, { rule }] of rules) expect(rule.name).toBe(name);
  });

  it.each(rules)('%s refuses every number out of its range, as a value and from a schedule', (name, make) => {
    const numbers = Object.entries(make.rule.defaults).filter(([, value]) => typeof value === 'number');
    expect(numbers.map(([option]) => option)).toContain('learningRate');
    for (const [option] of numbers) {
      const fraction = /^beta|^momentum$|^decay$/.test(option);
      for (const wrong of [-0.1, NaN, Infinity, ...(fraction ? [1, 1.5] : [])]) {
        const message = `${name}: ${option}: expected a finite number`;
        expect(() => make({ [option]: wrong })).toThrow(DownhillError);
        expect(() => make({ [option]: wrong })).toThrow(message);
        const x = matrix();
        const optimizer = make({ [option]: () => wrong });
        expect(() => optimizer.step([x], [gradient()])).toThrow(message);
        expect(x.toArray()).toEqual([
          [1, -2],
          [3, 0.5],
        ]);
        expect(optimizer.state().calls).toBe(0);
      }
    }
  });

  it.each(rules)(
    '%s refuses gradients of the wrong count, shape and dtype, and another rule’s state',
    (name, make) => {
      const x = matrix();
      const optimizer = make();
      expect(() => optimizer.step([x], [])).toThrow(`${name}: got 1 parameters and 0 gradients`);
      expect(() => optimizer.step([x], [float64([1, 2])])).toThrow(
        `${name}: the gradient of x (place 0) has shape [2]`,
      );
      expect(() => optimizer.step([x], [gradient().cast('float32')])).toThrow('is float32; expected float64');
      const other = name === 'sgd' ? muon() : optimizers.sgd();
      expect(() => optimizer.load(other.state(), [x])).toThrow(`${name}: load: the state is that of`);
      expect(values(x)).toEqual([1, -2, 3, 0.5]);
      expect(optimizer.state().calls).toBe(0);
    },
  );

  it.each(rules)('%s goes downhill, in the dtype of the parameter, and resumes to the bit', (_, make) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const start = { shape: [2, 2], dtype };
      const x = variable(tensor([1, -2, 3, 0.5], start), { name: 'x' });
      const optimizer = make();
      const walk = (moved: Optimizer, each: Variable) =>
        compile(() => {
          moved.step([each], [each.mul(2)]);
        });
      const step = walk(optimizer, x);
      for (let i = 0; i < 5; i++) step();
      expect(x.square().sum().item()).toBeLessThan(14.25);
      expect(x.dtype).toBe(dtype);
      const { rule, calls, variables } = optimizer.state();
      const y = variable(tensor(x.dataSync(), start), { name: 'x' });
      const resumed = make();
      const copies = Object.entries(variables).map(([name, each]) => [
        name,
        tensor(each.dataSync(), { shape: each.shape, dtype: each.dtype }),
      ]);
      resumed.load({ rule, calls, variables: Object.fromEntries(copies) as Record<string, Tensor> }, [y]);
      const again = walk(resumed, y);
      for (let i = 0; i < 5; i++) {
        step();
        again();
        expect(values(y)).toEqual(values(x));
      }
    }
  });
});

function values(x: Variable): number[] {
  return [...x.dataSync()];
}
