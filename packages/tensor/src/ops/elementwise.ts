import type { DType } from '../dtype.js';
import { checkDType, isFloating, promote, promoteNumber, resultOf } from '../dtype.js';
import { describe } from '../describe.js';
import { DTypeError } from '../errors.js';
import { method } from '../method.js';
import type { BinaryName, OperationOf, UnaryName } from '../operation.js';
import type { Shape } from '../shape.js';
import { broadcastShapes, formatShape, sameShape } from '../shape.js';
import type { TensorLike } from '../tensor.js';
import { constant, isTensor, Tensor } from '../tensor.js';
import { isVariable, type Variable } from '../variable.js';
import { expand } from './movement.js';

type Kind = Parameters<typeof resultOf>[0];

/** What has a shape and a dtype: a number becomes a weak scalar. Throws a DTypeError for anything that is no operand. */
export function asOperand(value: TensorLike, where: string): Tensor | Variable {
  if (isTensor(value) || isVariable(value)) return value;
  if (typeof value === 'number') return constant(value, [], 'float64', true);
  throw new DTypeError(
    `${where}: expected a tensor, a variable or a number, got ${describe(value)}; use tensor(...)`,
  );
}

/** The tensor behind an operand: what a variable holds now. */
export function asTensor(value: TensorLike, where: string): Tensor {
  return asOperand(value, where).asTensor();
}

/** An operand as truth: whether it is not 0. */
function asBool(value: TensorLike, where: string): Tensor {
  return cast(asTensor(value, where), 'bool');
}

/** The dtype operands meet in, before the operation's own rule: weak scalars follow the others. */
function commonDType(tensors: readonly Tensor[]): DType {
  const strong = tensors.filter((tensor) => !tensor.weak);
  if (strong.length === 0) return 'float64';
  const dtype = strong.map((tensor) => tensor.dtype).reduce(promote);
  return tensors.reduce((meet: DType, { weak, operation }) => {
    if (!weak) return meet;
    if (operation.name === 'constant') return promote(meet, promoteNumber(dtype, operation.value));
    return isFloating(meet) ? meet : 'float32';
  }, dtype);
}

/** Casts and expands operands to one dtype and one shape. */
function meet(
  values: readonly TensorLike[],
  kind: Kind,
  where: string,
): { tensors: Tensor[]; weak: boolean } {
  const tensors = values.map((value) => asTensor(value, where));
  const dtype = resultOf(kind, commonDType(tensors));
  const shape = broadcastShapes(
    tensors.map((tensor) => tensor.shape),
    where,
  );
  return {
    tensors: tensors.map((tensor) => fit(tensor, dtype, shape)),
    weak: tensors.every(({ weak }) => weak),
  };
}

function fit(tensor: Tensor, dtype: DType, shape: Shape): Tensor {
  const { operation, weak } = tensor;
  if (tensor.dtype === dtype && sameShape(tensor.shape, shape)) return tensor;
  if (weak && operation.name === 'constant') return constant(operation.value, shape, dtype);
  return expand(cast(tensor, dtype), shape);
}

/** The node of an elementwise operation; without a `dtype` of its own its result has that of its operands. */
function elementwise(
  operation: OperationOf<UnaryName | BinaryName>,
  kind: Kind,
  operands: readonly TensorLike[],
  dtype?: DType,
): Tensor {
  const { tensors, weak } = meet(operands, kind, operation.name);
  const [first] = tensors;
  return new Tensor(operation, tensors, first.shape, dtype ?? first.dtype, weak && dtype === undefined);
}

type Unary = (x: TensorLike) => Tensor;
type Binary = (a: TensorLike, b: TensorLike) => Tensor;

function unary(name: UnaryName, kind: Kind = 'floating'): Unary {
  return method(name, (x) => elementwise({ name }, kind, [x]));
}

function binary(name: BinaryName, kind: Kind = 'floating', dtype?: DType): Binary {
  return method(name, (a, b) => elementwise({ name }, kind, [a, b], dtype));
}

function compare(name: BinaryName): Binary {
  return binary(name, 'ordering', 'bool');
}

function logical(name: BinaryName): Binary {
  return (a, b) => elementwise({ name }, 'ordering', [asBool(a, name), asBool(b, name)]);
}

function rounding(name: UnaryName): Unary {
  return method(name, (x) => {
    const operand = asTensor(x, name);
    return isFloating(operand.dtype) ? elementwise({ name }, 'floating', [operand]) : operand;
  });
}

/** a + b, elementwise with broadcasting. Two bools are added as int32; uint8 and int32 wrap around. */
export const add = binary('add', 'arithmetic');

/** a − b, elementwise with broadcasting. */
export const sub = binary('sub', 'arithmetic');

/** a · b, elementwise with broadcasting. */
export const mul = binary('mul', 'arithmetic');

/** a / b, elementwise with broadcasting; integers are divided as float32. */
export const div = binary('div');

/** a to the power b, elementwise with broadcasting; integers as float32. pow(x, 0) and pow(1, x) are 1 even for NaN. */
export const pow = binary('pow');

/** The larger of a and b; NaN if either is. At a tie the gradient goes to a. */
export const maximum = binary('maximum', 'ordering');

/** The smaller of a and b; NaN if either is. At a tie the gradient goes to a. */
export const minimum = binary('minimum', 'ordering');

/** x held between `lower` and `upper`; at the bounds the gradient passes. */
export function clip(x: TensorLike, lower: TensorLike, upper: TensorLike): Tensor {
  return minimum(maximum(x, lower), upper);
}

/** −x. */
export const neg = unary('neg', 'arithmetic');

/** |x|; the gradient at 0 is 0. */
export const abs = unary('abs', 'arithmetic');

/** −1, 0 or 1; NaN stays NaN, and a zero keeps its sign. */
export const sign = unary('sign', 'arithmetic');

/** x². */
export function square(x: TensorLike): Tensor {
  return mul(x, x);
}

/** 1 / x. */
export function reciprocal(x: TensorLike): Tensor {
  return div(1, x);
}

/** √x; NaN below 0. */
export const sqrt = unary('sqrt');

/** 1 / √x. */
export function rsqrt(x: TensorLike): Tensor {
  return div(1, sqrt(x));
}

/** eˣ. */
export const exp = unary('exp');

/** eˣ − 1, exact near 0. */
export const expm1 = unary('expm1');

/** The natural logarithm; −Infinity at 0, NaN below. */
export const log = unary('log');

/** log(1 + x), exact near 0. */
export const log1p = unary('log1p');

/** The sine of x in radians. */
export const sin = unary('sin');

/** The cosine of x in radians. */
export const cos = unary('cos');

/** The hyperbolic tangent. */
export const tanh = unary('tanh');

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid');

/** log(1 + eˣ), without overflow. */
export const softplus = unary('softplus');

/** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = unary('erf');

/** max(0, x); the gradient at 0 is 0, and NaN stays NaN. */
export function relu(x: TensorLike): Tensor {
  return maximum(0, x);
}

/** The next whole number below or at x; integers are returned as they are. */
export const floor = rounding('floor');

/** The next whole number above or at x. */
export const ceil = rounding('ceil');

/** The nearest whole number, halves to even. */
export const round = rounding('round');

/** a = b as bool; NaN equals nothing. */
export const equal = compare('equal');

/** a ≠ b as bool. */
export const notEqual = compare('notEqual');

/** a < b as bool. */
export const less = compare('less');

/** a ≤ b as bool. */
export const lessEqual = compare('lessEqual');

/** a > b as bool. */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return less(b, a);
}

/** a ≥ b as bool. */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return lessEqual(b, a);
}

/** Whether x is NaN, as bool. */
export function isNaN(x: TensorLike): Tensor {
  return notEqual(x, x);
}

/** Whether x is neither NaN nor infinite, as bool. */
export function isFinite(x: TensorLike): Tensor {
  return less(abs(x), Infinity);
}

/** Both; operands count as true where they are not 0. */
export const logicalAnd = logical('and');

/** Either or both. */
export const logicalOr = logical('or');

/** Either, not both. */
export const logicalXor = logical('xor');

/** True where x is 0. */
export function logicalNot(x: TensorLike): Tensor {
  return elementwise({ name: 'not' }, 'ordering', [asBool(x, 'not')]);
}

/** a where `condition` is true (not 0), else b; all three broadcast. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const { tensors, weak } = meet([a, b], 'ordering', 'where');
  const test = asBool(condition, 'where');
  const shape = broadcastShapes([test.shape, tensors[0].shape], 'where');
  const inputs = [test, ...tensors].map((tensor) => expand(tensor, shape));
  return new Tensor({ name: 'where' }, inputs, shape, tensors[0].dtype, weak && test.rank === 0);
}

/**
 * x in another dtype. To an integer: towards 0, what is out of range becomes the nearest end of it, NaN becomes 0.
 * To bool: whether it is not 0 (NaN is true).
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  checkDType(dtype, 'cast');
  const input = asTensor(x, 'cast');
  if (input.dtype === dtype && !input.weak) return input;
  if (input.dtype === dtype) {
    // A weak scalar is float64 already: only its weakness goes.
    return new Tensor({ name: 'reshape' }, [input], input.shape, dtype);
  }
  return new Tensor({ name: 'cast' }, [input], input.shape, dtype);
}

/** Throws unless x is a tensor of integers; `where` begins the message. */
export function checkInteger(x: Tensor, where: string): void {
  if (isFloating(x.dtype) || x.dtype === 'bool') {
    throw new DTypeError(
      `${where}: expected int32 or uint8, got ${x.dtype} of shape ${formatShape(x.shape)}; use cast('int32')`,
    );
  }
}
