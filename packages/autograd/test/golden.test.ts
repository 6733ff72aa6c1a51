import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as downhill from '@downhill/tensor';
import { tensor, type Tensor } from '@downhill/tensor';
import { gradients, hessian } from '../src/index.js';
import { float64, type Point } from './central-differences.js';

interface Golden {
  readonly cases: Record<
    string,
    {
      readonly inputs: readonly Point[];
      readonly output: Point;
      readonly cotangent: Point;
      readonly gradients: readonly Point[];
    }
  >;
  readonly network: { readonly x: Point; readonly y: Point };
  readonly hessians: Record<string, { readonly x: Point; readonly hessian: Point }>;
}

/** Made by golden/make.py with PyTorch: versions and seed are in the file. */
const golden = JSON.parse(readFileSync(new URL('golden/gradients.json', import.meta.url), 'utf8')) as Golden;

const integers = (data: downhill.NestedArray): Tensor => tensor(data, { dtype: 'int32' });

/** The functions of make.py, by the same names. */
const functions: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  neg: downhill.neg,
  abs: downhill.abs,
  sign: downhill.sign,
  exp: downhill.exp,
  expm1: downhill.expm1,
  log: downhill.log,
  log1p: downhill.log1p,
  sqrt: downhill.sqrt,
  rsqrt: downhill.rsqrt,
  sin: downhill.sin,
  cos: downhill.cos,
  tanh: downhill.tanh,
  sigmoid: downhill.sigmoid,
  softplus: downhill.softplus,
  erf: downhill.erf,
  relu: downhill.relu,
  add: downhill.add,
  sub: downhill.sub,
  mul: downhill.mul,
  div: downhill.div,
  pow: downhill.pow,
  'pow at base 0': downhill.pow,
  maximum: downhill.maximum,
  minimum: downhill.minimum,
  where: (a, b) => downhill.where(tensor([[true], [false]]), a, b),
  sum: (x) => x.sum({ axis: [0, 2] }),
  mean: (x) => x.mean({ axis: 1, keepDims: true }),
  prod: (x) => x.prod({ axis: 1 }),
  'prod with zeros': (x) => x.prod({ axis: 1 }),
  max: (x) => x.max({ axis: [0, 2] }),
  min: (x) => x.min({ axis: 1 }),
  'first of equals': (x) => x.max({ axis: 1 }),
  variance: (x) => downhill.variance(x, { axis: 1, correction: 1 }),
  logSumExp: (x) => downhill.logSumExp(x, { axis: 1 }),
  cumulativeSum: (x) => downhill.cumulativeSum(x, { axis: 1 }),
  reshape: (x) => x.reshape([3, 2]),
  permute: (x) => x.permute([2, 0, 1]),
  expand: (x) => x.expand([2, 4, 3]),
  slice: (x) => x.slice([1], [1, 6, 2]),
  'slice backwards': (x) => x.slice(undefined, [undefined, undefined, -3]),
  pad: (x) =>
    downhill.pad(
      x,
      [
        [3, 0],
        [1, 2],
      ],
      { value: 5 },
    ),
  concat: (a, b) => downhill.concat([a, b], { axis: 1 }),
  windows: (x) => downhill.windows(x, { axes: 1, size: 3, stride: 2 }),
  gather: (x) =>
    downhill.takeAlongAxis(
      x,
      integers([
        [0, 2, 2],
        [3, 1, 3],
      ]),
      { axis: 1 },
    ),
  scatterAdd: (x, updates) =>
    downhill.scatterAdd(
      x,
      integers([
        [0, 2, 0],
        [1, 1, 3],
      ]),
      updates,
      { axis: 1 },
    ),
  take: (x) => x.take(integers([2, 0, 2, 2])),
  sort: (x) => downhill.sort(x, { axis: 1 }),
  matmul: downhill.matmul,
  einsum: (a, b) => downhill.einsum('bij,jk->bk', a, b),
  convolution: (x, w) => {
    const views = downhill.windows(x, { axes: [2, 3], size: [2, 2], stride: 2, dilation: 2, padding: 1 });
    return downhill.einsum('nchwij,ocij->nohw', views, w);
  },
  softmax: (x) => x.sub(downhill.logSumExp(x, { axis: 1, keepDims: true })).exp(),
};

const size3 = (x: Tensor): Tensor => downhill.windows(x, { axes: 0, size: 3, stride: 2 });

const scalars: Record<string, (x: Tensor) => Tensor> = {
  network: (parameters) => {
    const weight1 = parameters.slice([0, 6]).reshape([3, 2]);
    const weight2 = parameters.slice([9, 12]).reshape([1, 3]);
    const hidden = float64(golden.network.x)
      .matmul(weight1.transpose())
      .add(parameters.slice([6, 9]))
      .tanh();
    const output = hidden.matmul(weight2.transpose()).add(parameters.slice([12]));
    return output.sub(float64(golden.network.y)).square().mean();
  },
  pow: (x) => x.pow(3).sum().add(x.pow(2).prod()),
  'prod with a zero': (x) => x.prod(),
  logSumExp: (x) => downhill.logSumExp(x),
  'strided slice': (x) =>
    x
      .slice([undefined, undefined, -2])
      .pow(3)
      .sum()
      .add(
        x
          .slice([1, undefined, 3])
          .mul(x.slice([0, 2]))
          .sum(),
      ),
  windows: (x) => size3(x).prod({ axis: 1 }).sum(),
  erf: (x) => downhill.erf(x).mul(downhill.softplus(x.flip())).sum(),
};

function expectLike(actual: Tensor, { shape, data }: Point): void {
  expect(actual.shape).toEqual(shape);
  const values = actual.dataSync();
  data.forEach((expected, i) => {
    const error = Math.abs(values[i] - expected);
    expect(error, `element ${i}: ${values[i]} for ${expected}`).toBeLessThanOrEqual(
      1e-11 * (1 + Math.abs(expected)),
    );
  });
}

test('the golden file and these functions are about the same things', () => {
  expect(Object.keys(functions).sort()).toEqual(Object.keys(golden.cases).sort());
  expect(Object.keys(scalars).sort()).toEqual(Object.keys(golden.hessians).sort());
});

test.each(Object.entries(functions))('%s: value and gradients are those of PyTorch', (name, fn) => {
  const { inputs, output, cotangent, gradients: expected } = golden.cases[name];
  const points = inputs.map(float64);
  const value = fn(points[0], points[1]);
  expectLike(value, output);
  gradients(value, points, { seed: float64(cotangent), unused: 'zero' }).forEach((each, i) => {
    expectLike(each, expected[i]);
  });
});

test.each(Object.entries(scalars))('%s: the Hessian is that of PyTorch', (name, fn) => {
  const { x, hessian: expected } = golden.hessians[name];
  expectLike(hessian(fn, float64(x)), expected);
});
