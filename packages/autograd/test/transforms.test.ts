import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, ShapeError, tensor, variable, type Tensor } from '@downhill/tensor';
import {
  customGradient,
  grad,
  GradientError,
  gradients,
  hessian,
  hvp,
  jacobian,
  jvp,
  stopGradient,
  valueAndGrad,
  vjp,
} from '../src/index.js';

const double = (values: readonly number[]): Tensor => tensor(values, { dtype: 'float64' });

const vector = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length });

/** From R³ to R²: nothing about it is linear or symmetric. */
const curved = (x: Tensor): Tensor =>
  x
    .slice([0, 2])
    .mul(x.slice([1, 3]).exp())
    .add(x.square().sum())
    .tanh()
    .add(x.slice([1, 3]).sin());

const scalar = (x: Tensor): Tensor => curved(x).prod().add(x.pow(3).sum());

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [actual.dataSync(), expected.dataSync()];
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i])).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(b[i])));
  });
}

test('vjp is the cotangent times the Jacobian, jvp the Jacobian times the tangent', () => {
  fc.assert(
    fc.property(vector(3), vector(2), vector(3), (x, cotangent, tangent) => {
      const matrix = jacobian(curved, double(x));
      expect(matrix.shape).toEqual([2, 3]);
      const backwards = vjp(curved, [double(x)]);
      const forwards = jvp(curved, [double(x)], [double(tangent)]);
      expectClose(backwards.value, curved(double(x)));
      expectClose(forwards.value, curved(double(x)));
      expectClose(backwards.pullback(double(cotangent))[0], double(cotangent).matmul(matrix));
      expectClose(forwards.tangent, matrix.matmul(double(tangent)));
    }),
    { numRuns: 30 },
  );
});

test('hvp is the Hessian times the vector, and the Hessian is symmetric', () => {
  fc.assert(
    fc.property(vector(3), vector(3), (x, v) => {
      const matrix = hessian(scalar, double(x));
      expectClose(hvp(scalar, [double(x)], [double(v)])[0], matrix.matmul(double(v)));
      expectClose(matrix, matrix.transpose());
    }),
    { numRuns: 30 },
  );
});

test('products take several inputs', () => {
  const product = (a: Tensor, b: Tensor): Tensor => a.mul(b);
  const { value, tangent } = jvp(product, [double([2, 3]), double([5, 7])], [double([1, 0]), double([0, 1])]);
  expect(value.toArray()).toEqual([10, 21]);
  expect(tangent.toArray()).toEqual([5, 3]);
  // f = a²b: f_aa = 2b, f_ab = 2a, f_bb = 0.
  const [byA, byB] = hvp((a, b) => a.mul(a).mul(b), [double([3]).sum(), double([5]).sum()], [1, 10]);
  expect([byA.item(), byB.item()]).toEqual([70, 6]);
});

test('jacobians and Hessians keep the shapes of value and point', () => {
  const x = tensor([[1, 2, 3]], { dtype: 'float64' });
  expect(jacobian((each) => each.reshape([3, 1]).mul(2), x).shape).toEqual([3, 1, 1, 3]);
  expect(hessian((each) => each.square().sum(), x).toArray()).toEqual([
    [[[2, 0, 0]], [[0, 2, 0]], [[0, 0, 2]]],
  ]);
  expect(jacobian((each) => each.slice([0, 0]), x).shape).toEqual([0, 3, 1, 3]);
});

test('where a function does not depend on its argument the derivatives are 0', () => {
  expect(grad(() => tensor(3))(tensor([1, 2])).toArray()).toEqual([0, 0]);
  expect(hessian((x) => x.sum(), tensor([1, 2])).toArray()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(jvp((x) => x.round(), [tensor([1, 2])], [tensor([1, 1])]).tangent.toArray()).toEqual([0, 0]);
});

test('grad of grad: the derivatives of x⁴', () => {
  const fourth = (x: Tensor): Tensor => x.pow(4);
  const third = grad(grad(grad(fourth)));
  expect(grad(fourth)(2).item()).toBe(32);
  expect(third(2).item()).toBe(48);
});

test('grad passes the other arguments on, and takes variables', () => {
  const loss = (w: Tensor, x: Tensor, power: number): Tensor => w.mul(x).sum().pow(power);
  const { value, gradient } = valueAndGrad(loss)(variable([1, 2]), tensor([3, 4]), 2);
  expect(value.item()).toBe(121);
  expect(gradient.toArray()).toEqual([66, 88]);
});

test('grad differentiates by the argument only, not by what fn holds of the same tensor', () => {
  const x = tensor([3]);
  expect(grad((y) => y.mul(x).sum())(x).toArray()).toEqual([3]);
  // f(x) = x · d/dy (y² x) at y = x = 2x³, so f' = 6x².
  const outer = grad((point) => point.mul(grad((y) => y.mul(y).mul(point).sum())(point)).sum());
  expect(outer(x).toArray()).toEqual([54]);
});

test('transforms work inside a compiled function', () => {
  const x = double([0.3, -0.4, 1.1]);
  const compiled = compile((point: Tensor) => hessian(scalar, point));
  expectClose(compiled(x), hessian(scalar, x));
});

test('a wrong number or shape of vectors is an error', () => {
  expect(() => jvp(curved, [double([1, 2, 3])], [double([1, 2])])).toThrow(ShapeError);
  expect(() => hvp(scalar, [double([1, 2, 3])], [])).toThrow(/hvp: expected one vector.*\(\[3\]\), got \(\)/);
});

test('stopGradient is that of the tensor package', () => {
  const x = tensor([2]);
  expect(gradients(x.mul(stopGradient(x)).sum(), [x])[0].toArray()).toEqual([2]);
});

test('a custom gradient replaces the derivative and keeps the value', () => {
  const straightThrough = customGradient(
    (x) => x.round(),
    (gradient) => [gradient],
  );
  const x = tensor([0.2, 1.7]);
  const y = straightThrough(x);
  expect(y.toArray()).toEqual([0, 2]);
  expect(gradients(y.mul(tensor([3, 5])).sum(), [x])[0].toArray()).toEqual([3, 5]);
});

test('a custom gradient may use inputs and output, and be differentiated again', () => {
  const exponential = customGradient(
    (x) => x.exp(),
    (gradient, { output }) => [gradient.mul(output)],
  );
  const third = grad(grad(grad((x) => exponential(x))));
  expect(third(tensor(0.5, { dtype: 'float64' })).item()).toBeCloseTo(Math.exp(0.5), 14);
});

test('a custom gradient of several inputs', () => {
  const product = customGradient(
    (a, b) => a.mul(b),
    (gradient, { inputs: [a, b] }) => [gradient.mul(b), gradient.mul(a).mul(-1)],
  );
  const [a, b] = [tensor([2]), tensor([3])];
  expect(gradients(product(a, b).sum(), [a, b]).map((each) => each.toArray())).toEqual([[3], [-2]]);
});

test('a custom gradient that does not fit its inputs is an error', () => {
  const wrong = customGradient(
    (x) => x.square(),
    (gradient) => [gradient.sum()],
  );
  const x = tensor([1, 2]);
  expect(() => gradients(wrong(x).sum(), [x])).toThrow(GradientError);
  expect(() => gradients(wrong(x).sum(), [x])).toThrow(/expected \(float32 \[2\]\), got \(float32 \[\]\)/);
});
