import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as downhill from '@downhill/tensor';
import { tensor, type OperationName, type Shape, type Tensor } from '@downhill/tensor';
import { derivatives } from '../src/derivatives.js';
import { customGradient, gradients } from '../src/index.js';
import { expectCentralDifferences, float64, weightedSum, type Point } from './central-differences.js';

/** A function of tensors of these shapes. */
interface Case {
  readonly shapes: readonly Shape[];
  readonly fn: (...inputs: Tensor[]) => Tensor;
}

const shapes = (least: number, minRank = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: least, max: 3 }), { minLength: minRank, maxLength: 3 });

const unary = (fn: (x: Tensor) => Tensor): fc.Arbitrary<Case> =>
  shapes(0).map((shape) => ({ shapes: [shape], fn }));

/** Two operands that broadcast: the second lacks axes in front, or has extents of 1. */
const binary = (fn: (a: Tensor, b: Tensor) => Tensor): fc.Arbitrary<Case> =>
  fc
    .tuple(shapes(0), fc.nat(3), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.boolean())
    .map(([shape, drop, stretch, swap]) => {
      const other = shape.slice(drop).map((extent, axis) => (stretch[axis] ? 1 : extent));
      return { shapes: swap ? [other, shape] : [shape, other], fn };
    });

const reduction = (
  fn: (x: Tensor, options: downhill.ReduceOptions) => Tensor,
  least: number,
): fc.Arbitrary<Case> =>
  shapes(least)
    .chain((shape) => fc.tuple(fc.constant(shape), fc.subarray([...shape.keys()]), fc.boolean()))
    .map(([shape, axis, keepDims]) => ({ shapes: [shape], fn: (x) => fn(x, { axis, keepDims }) }));

/** A shape and one of its axes. */
const along = (least: number, fn: (axis: number, shape: Shape) => Case): fc.Arbitrary<Case> =>
  shapes(least, 1).chain((shape) => fc.nat(shape.length - 1).map((axis) => fn(axis, shape)));

const permutations: fc.Arbitrary<Case> = shapes(0, 2).chain((shape) =>
  fc
    .shuffledSubarray([...shape.keys()], { minLength: shape.length })
    .map((axes) => ({ shapes: [shape], fn: (x) => x.permute(axes) })),
);

const expansions: fc.Arbitrary<Case> = fc
  .tuple(shapes(0), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }), shapes(0))
  .map(([shape, repeats, front]) => {
    const target = shape.map((extent, axis) => (extent === 1 ? repeats[axis] : extent));
    return { shapes: [shape], fn: (x) => x.expand([...front.slice(0, 2), ...target]) };
  });

const end = fc.option(fc.integer({ min: -8, max: 8 }), { nil: undefined });
const slices: fc.Arbitrary<Case> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 7 }), end, end, fc.constantFrom(-3, -2, -1, 1, 2, 3)), {
    minLength: 1,
    maxLength: 2,
  })
  .map((axes) => ({
    shapes: [axes.map(([extent]) => extent)],
    fn: (x) => x.slice(...axes.map(([, start, stop, step]): downhill.Range => [start, stop, step])),
  }));

const pads: fc.Arbitrary<Case> = fc
  .array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 3 })
  .map((axes) => ({
    shapes: [axes.map(([extent]) => extent)],
    fn: (x) =>
      downhill.pad(
        x,
        axes.map(([, before, after]) => [before, after]),
        { value: 3 },
      ),
  }));

const windowed = fc
  .record({
    rows: fc.integer({ min: 1, max: 2 }),
    extra: fc.nat(3),
    size: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    two: fc.boolean(),
  })
  .map(({ rows, extra, size, stride, dilation, two }) => {
    const extent = (size - 1) * dilation + 1 + extra;
    const shape = two ? [2, rows, extent] : [rows, extent];
    const axes = two ? [2, 0] : [1];
    const geometry = { axes, size: [size, 1], stride: [stride, 1], dilation: [dilation, 2] };
    return { shape, geometry: mapValues(geometry, (list) => list.slice(0, axes.length)) };
  });

function mapValues<Key extends string, A, B>(record: Record<Key, A>, fn: (value: A) => B): Record<Key, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, fn(value)])) as Record<
    Key,
    B
  >;
}

const windowsCases: fc.Arbitrary<Case> = windowed.map(({ shape, geometry }) => ({
  shapes: [shape],
  fn: (x) => downhill.windows(x, geometry),
}));

const folds: fc.Arbitrary<Case> = windowed.map(({ shape, geometry }) => ({
  shapes: [downhill.windows(downhill.zeros(shape), geometry).shape],
  fn: (x) => downhill.foldWindows(x, shape, geometry),
}));

/** Places along an axis, repeating and out of order. */
const places = (shape: Shape, extent: number): Tensor => {
  const size = shape.reduce((product, each) => product * each, 1);
  return tensor(
    Int32Array.from({ length: size }, (_, i) => (i * 5 + (i >> 1)) % extent),
    { shape },
  );
};

const gathers = along(1, (axis, shape) => {
  const taken = shape.map((extent, each) => (each === axis ? extent + 2 : extent));
  const indices = places(taken, shape[axis]);
  return { shapes: [shape], fn: (x) => downhill.takeAlongAxis(x, indices, { axis }) };
});

const scatters = along(1, (axis, shape) => {
  const indices = places(shape, 4);
  const target = shape.map((extent, each) => (each === axis ? 4 : extent));
  return { shapes: [target, shape], fn: (x, updates) => downhill.scatterAdd(x, indices, updates, { axis }) };
});

/** How to reach every operation that has a derivative. */
const cases: Partial<Record<OperationName, fc.Arbitrary<Case>>> = {
  neg: unary(downhill.neg),
  abs: unary(downhill.abs),
  sign: unary(downhill.sign),
  exp: unary(downhill.exp),
  expm1: unary(downhill.expm1),
  log: unary(downhill.log),
  log1p: unary(downhill.log1p),
  sqrt: unary(downhill.sqrt),
  sin: unary(downhill.sin),
  cos: unary(downhill.cos),
  tanh: unary(downhill.tanh),
  sigmoid: unary(downhill.sigmoid),
  softplus: unary(downhill.softplus),
  erf: unary(downhill.erf),
  add: binary(downhill.add),
  sub: binary(downhill.sub),
  mul: binary(downhill.mul),
  div: binary(downhill.div),
  pow: binary(downhill.pow),
  maximum: binary(downhill.maximum),
  minimum: binary(downhill.minimum),
  where: binary((a, b) => downhill.where(downhill.less(downhill.sin(a.mul(50)), b), a, b)),
  sum: reduction(downhill.sum, 0),
  prod: reduction(downhill.prod, 0),
  max: reduction(downhill.max, 1),
  min: reduction(downhill.min, 1),
  cumulativeSum: along(0, (axis, shape) => ({
    shapes: [shape],
    fn: (x) => downhill.cumulativeSum(x, { axis }),
  })),
  reshape: unary((x) => x.reshape([1, x.size, 1])),
  permute: permutations,
  expand: expansions,
  slice: slices,
  pad: pads,
  concat: along(0, (axis, shape) => ({
    shapes: [shape, shape.map((extent, each) => (each === axis ? extent + 1 : extent)), shape],
    fn: (...parts) => downhill.concat(parts, { axis }),
  })),
  windows: windowsCases,
  foldWindows: folds,
  gather: gathers,
  scatterAdd: scatters,
  check: unary((x) => downhill.check(x, x.less(100), 'too large')),
};

/** Operations that are positive numbers' business, or have poles at 0. */
const positive = new Set<string>(['log', 'log1p', 'sqrt', 'div', 'pow']);

/** Inputs of these shapes, all elements different and far from each other's kinks and from 0. */
function points(name: string, shapes: readonly Shape[]): fc.Arbitrary<Point[]> {
  const sizes = shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1));
  const count = sizes.reduce((total, size) => total + size, 0);
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 149 }), { minLength: count, maxLength: count });
  return numbers.map((list) => {
    const values = list.map((k) => (positive.has(name) ? k / 50 + 0.53 : (k - 75) / 50 + 0.007));
    return shapes.map((shape, i) => ({ shape, data: values.splice(0, sizes[i]) }));
  });
}

const withPoints = (
  name: string,
  arbitrary: fc.Arbitrary<Case>,
): fc.Arbitrary<{ fn: Case['fn']; at: Point[] }> =>
  arbitrary.chain(({ shapes, fn }) => points(name, shapes).map((at) => ({ fn, at })));

describe.each(Object.entries(cases))('%s', (name, arbitrary) => {
  test('agrees with central differences', () => {
    fc.assert(
      fc.property(withPoints(name, arbitrary), ({ fn, at }) => {
        expectCentralDifferences((...inputs) => weightedSum(fn(...inputs)), at);
      }),
      { numRuns: 25 },
    );
  });

  test('can be differentiated again', () => {
    fc.assert(
      fc.property(withPoints(name, arbitrary), ({ fn, at }) => {
        expectCentralDifferences((...inputs) => {
          // The cube gives linear operations a second derivative too.
          const value = fn(...inputs);
          const loss = weightedSum(value.mul(value).mul(value));
          return weightedSum(...gradients(loss, inputs, { unused: 'zero' }));
        }, at);
      }),
      { numRuns: 10 },
    );
  });

  test('is what the case reaches', () => {
    const reached = fc.sample(withPoints(name, arbitrary), { numRuns: 50, seed: 1 }).some(({ fn, at }) => {
      const inputs = at.map(float64);
      return operationNames(fn(...inputs)).has(name);
    });
    expect(reached).toBe(true);
  });
});

function operationNames(node: Tensor): Set<string> {
  return new Set([node.operation.name, ...node.inputs.flatMap((input) => [...operationNames(input)])]);
}

test('every operation with a derivative is checked', () => {
  const differentiable = Object.entries(derivatives).flatMap(([name, rule]) =>
    rule === undefined ? [] : [name],
  );
  expect([...Object.keys(cases), 'cast', 'customGradient'].sort()).toEqual(differentiable.sort());
});

test('the rest is without one: leaves, roundings, and what gives integers or bools', () => {
  const without = Object.entries(derivatives).flatMap(([name, rule]) => (rule === undefined ? [name] : []));
  expect(without.sort()).toEqual(
    [
      ...['data', 'constant', 'version', 'argument', 'hostInput', 'iota', 'randomBits'],
      ...['floor', 'ceil', 'round', 'argMax', 'argMin', 'argsort', 'stopGradient'],
      ...['not', 'and', 'or', 'xor', 'equal', 'notEqual', 'less', 'lessEqual'],
    ].sort(),
  );
});

test('a cast casts the gradient back', () => {
  const x = tensor([1, 2], { dtype: 'float64' });
  const narrow = x.cast('float32');
  const [wide, middle] = gradients(narrow.mul(narrow).sum(), [x, narrow]);
  expect([wide.dtype, middle.dtype]).toEqual(['float64', 'float32']);
  expect(wide.toArray()).toEqual([2, 4]);
});

test('no gradient passes a cast to integers', () => {
  const x = tensor([1.5, 2.5]);
  const loss = x.cast('int32').cast('float32').mul(x).sum();
  expect(gradients(loss, [x])[0].toArray()).toEqual([1, 2]);
});

test('ties give the whole gradient to the first', () => {
  const x = tensor([
    [1, 3, 3],
    [3, 0, 0],
  ]);
  const by = (loss: Tensor): unknown => gradients(loss, [x])[0].toArray();
  expect(by(x.max())).toEqual([
    [0, 1, 0],
    [0, 0, 0],
  ]);
  expect(by(x.min({ axis: 1 }).sum())).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  const y = tensor([1, 2]);
  const z = tensor([1, 2]);
  expect(gradients(y.maximum(z).sum(), [y, z]).map((each) => each.toArray())).toEqual([
    [1, 1],
    [0, 0],
  ]);
  expect(gradients(y.minimum(z).sum(), [y, z]).map((each) => each.toArray())).toEqual([
    [1, 1],
    [0, 0],
  ]);
});

test('reductions over two axes find the first winner in row-major order', () => {
  const x = tensor([
    [[0], [7]],
    [[7], [0]],
  ]);
  expect(gradients(x.max({ axis: [0, 1] }).sum(), [x])[0].toArray()).toEqual([
    [[0], [1]],
    [[0], [0]],
  ]);
});

test('a NaN is the winner, and the first of several', () => {
  const x = tensor([1, NaN, NaN]);
  expect(gradients(x.max(), [x])[0].toArray()).toEqual([0, 1, 0]);
  expect(gradients(x.min(), [x])[0].toArray()).toEqual([0, 1, 0]);
});

test('a power of 0 by a variable exponent has no NaN in its gradients', () => {
  const base = tensor([0, 0, 0], { dtype: 'float64' });
  const exponent = tensor([0, 1, 2], { dtype: 'float64' });
  const [byBase, byExponent] = gradients(base.pow(exponent).sum(), [base, exponent]);
  expect(byBase.toArray()).toEqual([0, 1, 0]);
  expect(byExponent.toArray()).toEqual([0, 0, 0]);
});

test('a power of a negative base has a gradient', () => {
  const x = tensor([-2], { dtype: 'float64' });
  expect(gradients(x.pow(3).sum(), [x])[0].toArray()).toEqual([12]);
});

test('the mixed second derivative of a power is 1 / a at exponent 0', () => {
  const base = tensor(4, { dtype: 'float64' });
  const exponent = tensor(0, { dtype: 'float64' });
  const [byBase] = gradients(base.pow(exponent), [base]);
  expect(gradients(byBase, [exponent])[0].item()).toBeCloseTo(0.25, 12);
});

test('the second derivative of a product by two of its zeros is the product of the rest', () => {
  const x = tensor([0, 2, 0, 3], { dtype: 'float64' });
  const [first] = gradients(x.prod(), [x]);
  expect(first.toArray()).toEqual([0, 0, 0, 0]);
  expect(gradients(first.slice(0), [x])[0].toArray()).toEqual([0, 0, 6, 0]);
});

test('the cube of a custom gradient, twice', () => {
  const cube = customGradient(
    (x) => x.mul(x).mul(x),
    (gradient, { inputs: [x] }) => [gradient.mul(x.mul(x)).mul(3)],
  );
  const point: Point = { shape: [3], data: [0.5, -1, 2] };
  expectCentralDifferences((x) => weightedSum(cube(x)), [point]);
  expectCentralDifferences((x) => weightedSum(gradients(weightedSum(cube(x)), [x])[0]), [point]);
});
