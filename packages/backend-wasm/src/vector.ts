import type { DType, Expression, IndexExpression } from '@downhill/tensor';
import { coefficientOf, operandsOf } from '@downhill/tensor';
import type { CodeContext } from './code-context.js';
import type { PlainOp } from './opcodes.js';
import { emitGuard, emitScalar, instruction } from './scalar.js';
import type { VectorMathName } from './vector-math.js';
import { vectorMath } from './vector-math.js';

/** Lanes of a vector: all dtypes that are vectorized take four bytes a lane, a bool is a mask. */
export const LANES = 4;

/** Whether values of a dtype have a vector form. */
export function isVectorDType(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}

/** What vectors of a dtype's numbers are to instructions. */
export function vectorType(dtype: DType): 'f32x4' | 'i32x4' {
  return dtype === 'float32' ? 'f32x4' : 'i32x4';
}

/** Whether an expression differs between neighbours along an axis, `vectors` being the registers that do. */
export function dependsOn(expression: Expression, axis: number, vectors: ReadonlySet<number>): boolean {
  return expression.axes.has(axis) || [...expression.registers].some((register) => vectors.has(register));
}

/** Whether an expression can be computed for four neighbours along an axis at once. */
export function canVectorize(expression: Expression, axis: number, vectors: ReadonlySet<number>): boolean {
  if (!dependsOn(expression, axis, vectors)) return true;
  if (!isVectorDType(expression.dtype)) return false;
  switch (expression.kind) {
    case 'load':
    case 'index':
      return coefficientOf(expression.index, axis) !== undefined;
    case 'guard':
      return (
        expression.conditions.every(({ index }) => coefficientOf(index, axis) === 0) &&
        canVectorize(expression.value, axis, vectors) &&
        canVectorize(expression.otherwise, axis, vectors)
      );
    case 'cast':
      return isVectorDType(expression.operand.dtype) && canVectorize(expression.operand, axis, vectors);
    case 'binary':
      return (
        isVectorDType(expression.left.dtype) &&
        canVectorize(expression.left, axis, vectors) &&
        canVectorize(expression.right, axis, vectors)
      );
    default:
      return operandsOf(expression).every((part) => canVectorize(part, axis, vectors));
  }
}

/** Whether a value differs between the lanes of the context's vector axis. */
export function isVectorValue(c: CodeContext, expression: Expression): boolean {
  if (c.vectorAxis === undefined) return false;
  if (expression.axes.has(c.vectorAxis)) return true;
  // A register that is not set yet is a let inside the reduction asked about, which is asked about as well.
  return [...expression.registers].some((register) => c.registers.get(register)?.vector === true);
}

/** Spreads the scalar on the stack over all lanes. */
export function emitSplat({ f }: CodeContext, dtype: DType): void {
  if (dtype === 'float32') {
    f.op('f32x4.splat');
    return;
  }
  f.op('i32x4.splat');
  if (dtype === 'bool') f.op('i32x4.neg');
}

/** Emits code that leaves the values for four neighbours along the vector axis on the stack. */
export function emitVector(c: CodeContext, expression: Expression): void {
  const { f } = c;
  if (expression.kind === 'constant' || !isVectorValue(c, expression)) {
    emitScalar(c, expression);
    emitSplat(c, expression.dtype);
    return;
  }
  switch (expression.kind) {
    case 'load':
      emitLoad(c, expression.buffer, expression.index, expression.dtype);
      return;
    case 'index': {
      const step = coefficientOf(expression.index, c.vectorAxis ?? -1) ?? 0;
      c.index(expression.index);
      f.op('i32x4.splat')
        .i32x4Const(0, step, 2 * step, 3 * step)
        .op('i32x4.add');
      return;
    }
    case 'register': {
      const { local, vector } = c.register(expression.register);
      f.get(local);
      // The counter it is said to depend on may have cancelled out when loops were joined.
      if (!vector) emitSplat(c, expression.dtype);
      return;
    }
    case 'unary':
      emitUnary(c, expression.name, expression.operand);
      return;
    case 'binary':
      emitBinary(c, expression);
      return;
    case 'select':
      emitVector(c, expression.whenTrue);
      if (isZero(expression.whenFalse)) {
        emitVector(c, expression.condition);
        f.op('v128.and');
        return;
      }
      emitVector(c, expression.whenFalse);
      emitVector(c, expression.condition);
      f.op('v128.bitselect');
      return;
    case 'cast':
      emitVector(c, expression.operand);
      emitCast(c, expression.operand.dtype, expression.dtype);
      return;
    case 'guard':
      emitGuard(c, expression, 'v128', emitVector);
  }
}

function emitLoad(c: CodeContext, buffer: number, index: IndexExpression, dtype: DType): void {
  const { f } = c;
  const step = coefficientOf(index, c.vectorAxis ?? -1) ?? 0;
  const offset = c.address(buffer, index);
  if (dtype === 'bool') {
    if (step === 1) {
      f.memory('v128.load32_zero', offset).op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
    } else {
      const address = c.local('i32');
      f.set(address).i32x4Const(0);
      for (let lane = 0; lane < LANES; lane++) {
        f.get(address)
          .plus(lane * step)
          .memory('i32.load8_u', offset)
          .lane('i32x4.replace_lane', lane);
      }
      f.release(address);
    }
    f.op('i32x4.neg');
    return;
  }
  if (step === 1) {
    f.memory('v128.load', offset);
    return;
  }
  if (step === 2) {
    const address = c.local('i32');
    // Reads one element more than it needs; behind the last buffer there is room for that.
    f.tee(address).memory('v128.load', offset).get(address);
    f.memory('v128.load', offset + 16).shuffle32(0, 2, 4, 6);
    f.release(address);
    return;
  }
  emitApart(c, offset, 4 * step);
}

/** Leaves four numbers that lie `step` bytes apart, from `offset` bytes past the address on the stack. */
export function emitApart(c: CodeContext, offset: number, step: number): void {
  const { f } = c;
  const [address, vector] = [c.local('i32'), c.local('v128')];
  f.tee(address).memory('v128.load32_zero', offset).set(vector);
  for (let lane = 1; lane < LANES; lane++) {
    f.get(address)
      .plus(lane * step)
      .get(vector)
      .memoryLane('v128.load32_lane', offset, lane)
      .set(vector);
  }
  f.get(vector);
  f.release(address, vector);
}

/** Stores the vector in a local at four neighbours along the vector axis. */
export function emitVectorStore(
  c: CodeContext,
  buffer: number,
  index: IndexExpression,
  vector: number,
): void {
  const { f } = c;
  const step = coefficientOf(index, c.vectorAxis ?? -1) ?? 0;
  const { dtype } = c.buffers[buffer];
  if (step === 1 && dtype !== 'bool') {
    const offset = c.address(buffer, index);
    f.get(vector).memory('v128.store', offset);
    return;
  }
  const address = c.local('i32');
  const offset = c.address(buffer, index);
  f.set(address);
  for (let lane = 0; lane < LANES; lane++) {
    f.get(address)
      .plus(lane * step * (dtype === 'bool' ? 1 : 4))
      .get(vector);
    if (dtype === 'bool')
      f.lane('i32x4.extract_lane', lane).i32Const(1).op('i32.and').memory('i32.store8', offset);
    else f.memoryLane('v128.store32_lane', offset, lane);
  }
  f.release(address);
}

type UnaryExpression = Extract<Expression, { kind: 'unary' }>;
type BinaryExpression = Extract<Expression, { kind: 'binary' }>;

function emitUnary(c: CodeContext, name: UnaryExpression['name'], operand: Expression): void {
  const { f } = c;
  emitVector(c, operand);
  if (name === 'not') {
    f.op('v128.not');
    return;
  }
  const simple = instruction(vectorType(operand.dtype), name);
  if (simple !== undefined) {
    f.op(simple);
    return;
  }
  if (name === 'sign') {
    const x = c.local('v128');
    f.set(x);
    if (operand.dtype === 'int32') {
      f.get(x).i32x4Const(0).op('i32x4.lt_s').get(x).i32x4Const(0).op('i32x4.gt_s').op('i32x4.sub');
    } else {
      // 1 with the sign bit of x, where x is neither zero nor NaN; else x itself.
      f.f32x4Const(1).get(x).i32x4Const(-2147483648).op('v128.and').op('v128.or').get(x);
      f.get(x)
        .f32x4Const(0)
        .op('f32x4.lt')
        .get(x)
        .f32x4Const(0)
        .op('f32x4.gt')
        .op('v128.or')
        .op('v128.bitselect');
    }
    f.release(x);
    return;
  }
  vectorMath(c, name as VectorMathName);
}

/** Masks are -1 where true, so the smaller number is the larger truth value. */
const MASK_BINARY: Partial<Record<BinaryExpression['name'], PlainOp>> = {
  and: 'v128.and',
  minimum: 'v128.and',
  or: 'v128.or',
  maximum: 'v128.or',
  xor: 'v128.xor',
  notEqual: 'v128.xor',
  equal: 'i32x4.eq',
  less: 'i32x4.gt_s',
  lessEqual: 'i32x4.ge_s',
};

function emitBinary(c: CodeContext, { name, left, right }: BinaryExpression): void {
  const { f } = c;
  if (name === 'maximum' && left.dtype === 'float32' && [left, right].some(isZero)) {
    // What is not above 0 goes; NaN stays. A third of the steps that a maximum takes.
    const x = c.local('v128');
    emitVector(c, isZero(left) ? right : left);
    f.tee(x).get(x).f32x4Const(0).op('f32x4.le').op('v128.andnot').release(x);
    return;
  }
  emitVector(c, left);
  if ((name === 'rotateLeft' || name === 'shiftRight') && right.kind === 'constant') {
    if (name === 'shiftRight') {
      f.i32Const(right.value).op('i32x4.shr_u');
      return;
    }
    const x = c.local('v128');
    f.tee(x)
      .i32Const(right.value)
      .op('i32x4.shl')
      .get(x)
      .i32Const(32 - right.value)
      .op('i32x4.shr_u')
      .op('v128.or');
    f.release(x);
    return;
  }
  emitVector(c, right);
  if (name === 'pow') {
    vectorMath(c, 'pow');
    return;
  }
  const op =
    left.dtype === 'bool'
      ? MASK_BINARY[name]
      : name === 'wordXor'
        ? 'v128.xor'
        : instruction(vectorType(left.dtype), name);
  f.op(op as PlainOp);
}

function isZero(expression: Expression): boolean {
  return expression.kind === 'constant' && Object.is(expression.value, 0);
}

/** Whether values are never below 0, nor -0: as whole numbers without sign they are in the same order, NaN above all. */
export function isRectified(expression: Expression): boolean {
  const { kind, dtype } = expression;
  if (kind !== 'binary' || dtype !== 'float32' || expression.name !== 'maximum') return false;
  return [expression.left, expression.right].some(isZero);
}

function emitCast({ f }: CodeContext, from: DType, to: DType): void {
  if (to === 'bool') {
    if (from === 'float32') f.f32x4Const(0).op('f32x4.ne');
    else f.i32x4Const(0).op('i32x4.ne');
  } else if (from === 'bool') {
    if (to === 'float32') f.f32x4Const(1).op('v128.and');
    else f.i32x4Const(1).op('v128.and');
  } else if (to === 'float32') {
    f.op('f32x4.convert_i32x4_s');
  } else {
    f.op('i32x4.trunc_sat_f32x4_s');
  }
}
