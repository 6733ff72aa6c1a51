import {
  add,
  argmax,
  argmin,
  cast,
  cos,
  cumulativeSum,
  div,
  equal,
  exp,
  flip,
  foldWindows,
  iota,
  isFloating,
  less,
  log,
  mul,
  neg,
  pad,
  permute,
  pow,
  reshape,
  scatterAdd,
  sigmoid,
  sign,
  sin,
  slice,
  split,
  square,
  sub,
  sum,
  takeAlongAxis,
  where,
  windows,
  zerosLike,
  type OperationName,
  type OperationOf,
  type Range,
  type Shape,
  type Tensor,
} from '@downhill/tensor';
import { GradientError } from './errors.js';

type NodeOf<Name extends OperationName> = Tensor & { readonly operation: OperationOf<Name> };

/** From a node and the gradient of the loss by it: the gradient by each of its inputs, undefined where none flows. */
export type Derivative<Name extends OperationName = OperationName> = (
  node: NodeOf<Name>,
  gradient: Tensor,
) => readonly (Tensor | undefined)[];

/**
 * The derivative of every operation there is, as an expression of tensor operations, so that it can be
 * differentiated again. `undefined` says that no gradient flows through: the node has no inputs, or is no
 * differentiable function of them. `y` is the node, `g` the gradient of the loss by it.
 */
export const derivatives: { readonly [Name in OperationName]: Derivative<Name> | undefined } = {
  // Leaves. A version of a variable is one even where it has an input: no gradient flows through an assignment.
  data: undefined,
  constant: undefined,
  version: undefined,
  argument: undefined,
  hostInput: undefined,
  iota: undefined,
  randomBits: undefined,

  // Elementwise, one operand.
  neg: (_, g) => [neg(g)],
  abs: ({ inputs: [x] }, g) => [mul(g, sign(x))],
  sign: (_, g) => [zerosLike(g)],
  exp: (y, g) => [mul(g, y)],
  expm1: (y, g) => [mul(g, add(y, 1))],
  log: ({ inputs: [x] }, g) => [div(g, x)],
  log1p: ({ inputs: [x] }, g) => [div(g, add(x, 1))],
  sqrt: (y, g) => [div(g, mul(y, 2))],
  sin: ({ inputs: [x] }, g) => [mul(g, cos(x))],
  cos: ({ inputs: [x] }, g) => [neg(mul(g, sin(x)))],
  tanh: (y, g) => [mul(g, sub(1, square(y)))],
  sigmoid: (y, g) => [mul(g, mul(y, sub(1, y)))],
  softplus: ({ inputs: [x] }, g) => [mul(g, sigmoid(x))],
  erf: ({ inputs: [x] }, g) => [mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
  floor: undefined,
  ceil: undefined,
  round: undefined,
  not: undefined,

  // Elementwise, more operands.
  add: (_, g) => [g, g],
  sub: (_, g) => [g, neg(g)],
  mul: ({ inputs: [a, b] }, g) => [mul(g, b), mul(g, a)],
  div: (y, g) => [div(g, y.inputs[1]), neg(mul(div(g, y.inputs[1]), y))],
  pow: (y, g) => [mul(g, powByBase(y.inputs)), mul(g, mul(y, logOrZero(y.inputs[0])))],
  maximum: ({ inputs: [a, b] }, g) => [where(less(a, b), 0, g), where(less(a, b), g, 0)],
  minimum: ({ inputs: [a, b] }, g) => [where(less(b, a), 0, g), where(less(b, a), g, 0)],
  where: ({ inputs: [condition] }, g) => [undefined, where(condition, g, 0), where(condition, 0, g)],
  cast: ({ inputs: [x] }, g) => [isFloating(x.dtype) ? cast(g, x.dtype) : undefined],
  equal: undefined,
  notEqual: undefined,
  less: undefined,
  lessEqual: undefined,
  and: undefined,
  or: undefined,
  xor: undefined,

  // Reductions.
  sum: ({ inputs: [x], operation: { axes } }, g) => [reshape(g, keptShape(x.shape, axes)).expand(x.shape)],
  prod: ({ inputs: [x], operation: { axes } }, g) => [
    reduced(x, axes, (rows) => mul(reshape(g, [...g.shape, 1]), productOfOthers(rows))),
  ],
  max: ({ inputs: [x], operation: { axes } }, g) => [reduced(x, axes, (rows) => toWinner(argmax, rows, g))],
  min: ({ inputs: [x], operation: { axes } }, g) => [reduced(x, axes, (rows) => toWinner(argmin, rows, g))],
  argMax: undefined,
  argMin: undefined,
  cumulativeSum: ({ operation: { axis } }, g) => [flip(cumulativeSum(flip(g, axis), { axis }), axis)],

  // Movement.
  reshape: ({ inputs: [x] }, g) => [reshape(g, x.shape)],
  permute: ({ operation: { axes } }, g) => [permute(g, inverse(axes))],
  expand: ({ inputs: [x] }, g) => [reshape(sum(g, { axis: repeatedAxes(x.shape, g.shape) }), x.shape)],
  slice: (y, g) => [spread(y, g)],
  pad: ({ inputs: [x], operation: { before } }, g) => [
    slice(g, ...x.shape.map((extent, axis): Range => [before[axis], before[axis] + extent])),
  ],
  concat: ({ inputs, operation: { axis } }, g) => split(g, extentsAlong(axis, inputs), { axis }),
  windows: ({ inputs: [x], operation }, g) => [foldWindows(g, x.shape, operation)],
  foldWindows: ({ inputs: [x], operation }, g) => [x.size === 0 ? zerosLike(x) : windows(g, operation)],

  // Indexing.
  gather: ({ inputs: [x, indices], operation: { axis } }, g) => [
    scatterAdd(zerosLike(x), indices, g, { axis }),
    undefined,
  ],
  scatterAdd: ({ inputs: [indices], operation: { axis } }, g) => [
    undefined,
    takeAlongAxis(g, indices, { axis }),
  ],
  argsort: undefined,

  // Marks.
  check: (_, g) => [g, undefined],
  stopGradient: undefined,
  customGradient: (y, g) => [undefined, ...checkCustom(y, y.operation.derivative(g))],
};

/** b a^(b - 1), but 0 for b = 0 at a = 0 too, where a^-1 is infinite. */
function powByBase([a, b]: readonly Tensor[]): Tensor {
  // Only the exponent is mended, so that the derivative of this by b stays right wherever a is not 0.
  const exponent = where(equal(b, 0), cast(equal(a, 0), b.dtype), b);
  return mul(b, pow(a, sub(exponent, 1)));
}

/** log a, and 0 at a = 0: there a^b is 0 for all b > 0. */
function logOrZero(a: Tensor): Tensor {
  return log(where(equal(a, 0), 1, a));
}

function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, axis) => axes.indexOf(axis));
}

function extentsAlong(axis: number, tensors: readonly Tensor[]): number[] {
  return tensors.map(({ shape }) => shape[axis]);
}

/** The axes of `to` along which a tensor of shape `from` was repeated. */
function repeatedAxes(from: Shape, to: Shape): number[] {
  const added = to.length - from.length;
  return to.flatMap((extent, axis) => (axis < added || from[axis - added] !== extent ? [axis] : []));
}

/** A tensor of x's shape, worked out from x with the axes to reduce flattened into one, the last. */
function reduced(x: Tensor, axes: readonly number[], derive: (rows: Tensor) => Tensor): Tensor {
  const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const order = [...kept, ...axes];
  const moved = permute(x, order);
  const length = axes.reduce((product, axis) => product * x.shape[axis], 1);
  const rows = reshape(moved, [...kept.map((axis) => x.shape[axis]), length]);
  return permute(reshape(derive(rows), moved.shape), inverse(order));
}

/** The gradient g of each row at the place of its winner, 0 elsewhere. */
function toWinner(find: typeof argmax, rows: Tensor, g: Tensor): Tensor {
  const winners = find(rows, { axis: -1, keepDims: true });
  return where(equal(iota(rows.shape[rows.rank - 1]), winners), reshape(g, winners.shape), 0);
}

/** For each element of a row the product of the others, without division: zeros are welcome. */
function productOfOthers(rows: Tensor): Tensor {
  return mul(productBefore(rows), flip(productBefore(flip(rows, -1)), -1));
}

/** For each element of a row the product of those before it, in as many steps as the length has binary digits. */
function productBefore(rows: Tensor): Tensor {
  const length = rows.shape[rows.rank - 1];
  let product = shiftedByOnes(rows, 1);
  for (let done = 1; done < length; done *= 2) product = mul(product, shiftedByOnes(product, done));
  return product;
}

/** Rows moved to the right by `count` places, with ones moving in. */
function shiftedByOnes(rows: Tensor, count: number): Tensor {
  const outer = rows.shape.slice(0, -1);
  const length = rows.shape[outer.length];
  const places = Math.min(count, length);
  const rest = slice(rows, ...outer.map(() => undefined), [0, length - places]);
  return pad(rest, [...outer.map((): [number, number] => [0, 0]), [places, 0]], { value: 1 });
}

/** The adjoint of a slice: its elements back at their places, zeros between and around them. */
function spread({ inputs: [x], shape, operation: { starts, steps } }: NodeOf<'slice'>, g: Tensor): Tensor {
  if (g.size === 0) return zerosLike(x);
  const axes = shape.map((_, axis) => axis);
  const forward = flip(
    g,
    axes.filter((axis) => steps[axis] < 0),
  );
  const reach = shape.map((extent, axis) => (extent - 1) * Math.abs(steps[axis]) + 1);
  const first = axes.map((axis) => (steps[axis] < 0 ? starts[axis] + 1 - reach[axis] : starts[axis]));
  // A slice in steps is windows of one element each, so its adjoint is theirs.
  const strided = axes.filter((axis) => reach[axis] !== shape[axis]);
  const ones = strided.map(() => 1);
  const stride = strided.map((axis) => Math.abs(steps[axis]));
  const apart =
    strided.length === 0
      ? forward
      : foldWindows(reshape(forward, [...shape, ...ones]), reach, {
          axes: strided,
          size: ones,
          stride,
          dilation: ones,
        });
  return pad(
    apart,
    axes.map((axis) => [first[axis], x.shape[axis] - first[axis] - reach[axis]]),
  );
}

function checkCustom({ inputs: [, ...inputs] }: Tensor, gradients: readonly Tensor[]): readonly Tensor[] {
  const show = (tensors: readonly Tensor[]): string =>
    tensors.map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`).join(', ');
  if (show(gradients) !== show(inputs)) {
    throw new GradientError(
      'customGradient: the derivative must give one gradient for each input, of its dtype and shape: ' +
        `expected (${show(inputs)}), got (${show(gradients)})`,
    );
  }
  return gradients;
}
