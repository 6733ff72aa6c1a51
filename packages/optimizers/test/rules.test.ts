import { compile, ShapeError, tensor, variable, type Tensor, type Variable } from '@downhill/tensor';
import { muon, nesterov, rmsprop } from '@downhill/optimizers';
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
