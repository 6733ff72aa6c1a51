import type { DType, Expression } from '@downhill/tensor';
import type { PlainOp } from './opcodes.js';
import { plainOpcodes } from './opcodes.js';
import type { ValueType } from './assembler.js';
import type { CodeContext } from './code-context.js';
import { emitDoubleMath, emitDoublePower } from './double-math.js';
import type { VectorMathName } from './vector-math.js';
import { vectorMath } from './vector-math.js';

/** What holds a scalar of each dtype. */
export const VALUE_TYPES: Readonly<Record<DType, 'f32' | 'f64' | 'i32'>> = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  uint8: 'i32',
  bool: 'i32',
};

/** What loads a scalar of each dtype. */
export const LOADS = {
  float32: 'f32.load',
  float64: 'f64.load',
  int32: 'i32.load',
  uint8: 'i32.load8_u',
  bool: 'i32.load8_u',
} as const;
const STORES = {
  float32: 'f32.store',
  float64: 'f64.store',
  int32: 'i32.store',
  uint8: 'i32.store8',
  bool: 'i32.store8',
} as const;

/** Emits a constant of a dtype. */
export function emitConstant({ f }: CodeContext, value: number, dtype: DType): void {
  if (dtype === 'float32') f.f32Const(value);
  else if (dtype === 'float64') f.f64Const(value);
  else f.i32Const(value);
}

/** Stores what `value` emits. */
export function emitScalarStore(
  c: CodeContext,
  buffer: number,
  address: () => number,
  value: () => void,
): void {
  const offset = address();
  value();
  c.f.memory(STORES[c.buffers[buffer].dtype], offset);
}

/** Emits code that leaves the value of an expression on the stack. */
export function emitScalar(c: CodeContext, expression: Expression): void {
  const { f } = c;
  switch (expression.kind) {
    case 'constant':
      emitConstant(c, expression.value, expression.dtype);
      return;
    case 'load': {
      const offset = c.address(expression.buffer, expression.index);
      f.memory(LOADS[expression.dtype], offset);
      return;
    }
    case 'index':
      c.index(expression.index);
      return;
    case 'register':
      f.get(c.register(expression.register).local);
      return;
    case 'unary':
      emitUnary(c, expression.name, expression.operand);
      return;
    case 'binary':
      emitBinary(c, expression);
      return;
    case 'select':
      emitScalar(c, expression.whenTrue);
      emitScalar(c, expression.whenFalse);
      emitScalar(c, expression.condition);
      f.op('select');
      return;
    case 'cast':
      emitScalar(c, expression.operand);
      emitCast(c, expression.operand.dtype, expression.dtype);
      return;
    case 'guard':
      emitGuard(c, expression, VALUE_TYPES[expression.dtype], emitScalar);
  }
}

/** Emits a guard with either kind of code inside. */
export function emitGuard(
  c: CodeContext,
  { conditions, value, otherwise }: Extract<Expression, { kind: 'guard' }>,
  type: ValueType,
  emit: (c: CodeContext, expression: Expression) => void,
): void {
  const { f } = c;
  conditions.forEach(({ index, lower, upper }, i) => {
    c.index(index);
    // lower <= index < upper in one comparison: below lower wraps to something large.
    if (lower !== 0) f.i32Const(lower).op('i32.sub');
    f.i32Const(upper - lower).op('i32.lt_u');
    if (i > 0) f.op('i32.and');
  });
  f.if(type);
  emit(c, value);
  f.else();
  emit(c, otherwise);
  f.end();
}

type UnaryExpression = Extract<Expression, { kind: 'unary' }>;
type BinaryExpression = Extract<Expression, { kind: 'binary' }>;

/** What instructions are called, where operations have other names. */
const NAMES: Partial<Record<string, string>> = {
  ...{
    round: 'nearest',
    maximum: 'max',
    minimum: 'min',
    sum: 'add',
    prod: 'mul',
    argMax: 'gt',
    argMin: 'lt',
  },
  ...{ equal: 'eq', notEqual: 'ne', less: 'lt', lessEqual: 'le' },
  ...{ wordAdd: 'add', wordXor: 'xor', rotateLeft: 'rotl', shiftRight: 'shr_u' },
};

/** Instructions that come in two forms for integers: here all have signs. */
const SIGNED = ['lt', 'le', 'gt', 'max', 'min'];

/** The one instruction of a type that does what an operation, or a way to combine values, does; undefined without one. */
export function instruction(
  type: 'f32' | 'f64' | 'i32' | 'f32x4' | 'i32x4',
  operation: string,
): PlainOp | undefined {
  const name = NAMES[operation] ?? operation;
  const op = `${type}.${name}${type.startsWith('i') && SIGNED.includes(name) ? '_s' : ''}`;
  return op in plainOpcodes ? (op as PlainOp) : undefined;
}

function emitUnary(c: CodeContext, name: UnaryExpression['name'], operand: Expression): void {
  const { f } = c;
  const { dtype } = operand;
  const type = VALUE_TYPES[dtype];
  const simple = instruction(type, name);
  if (name === 'not') {
    emitScalar(c, operand);
    f.op('i32.eqz');
    return;
  }
  if (simple !== undefined) {
    emitScalar(c, operand);
    f.op(simple);
    return;
  }
  const x = c.local(type);
  if (name === 'sign') {
    emitScalar(c, operand);
    f.set(x);
    if (type === 'i32') {
      f.get(x).i32Const(0).op('i32.gt_s').get(x).i32Const(0).op('i32.lt_s').op('i32.sub');
    } else {
      // Zeros and NaN are their own sign.
      emitConstant(c, 1, dtype);
      f.get(x).op(`${type}.copysign`).get(x).get(x);
      emitConstant(c, 0, dtype);
      f.op(`${type}.ne`).get(x).get(x).op(`${type}.eq`).op('i32.and').op('select');
    }
  } else if (type === 'i32') {
    // neg and abs are all that integers have left.
    emitScalar(c, operand);
    f.set(x);
    if (dtype !== 'uint8' || name === 'neg') f.i32Const(0).get(x).op('i32.sub');
    if (dtype === 'uint8') {
      if (name === 'abs') f.get(x);
      else f.i32Const(255).op('i32.and');
    } else if (name === 'abs') {
      f.get(x).get(x).i32Const(0).op('i32.lt_s').op('select');
    }
  } else if (type === 'f32') {
    emitScalar(c, operand);
    f.op('f32x4.splat');
    vectorMath(c, name as VectorMathName);
    f.lane('f32x4.extract_lane', 0);
  } else {
    emitScalar(c, operand);
    emitDoubleMath(c, name);
  }
  f.release(x);
}

function emitBinary(c: CodeContext, { name, left, right }: BinaryExpression): void {
  const { f } = c;
  const { dtype } = left;
  const type = VALUE_TYPES[dtype];
  const isVector = name === 'pow' && type === 'f32';
  for (const operand of [left, right]) {
    emitScalar(c, operand);
    if (isVector) f.op('f32x4.splat');
  }
  if (isVector) {
    vectorMath(c, name);
    f.lane('f32x4.extract_lane', 0);
  } else if (name === 'pow') emitDoublePower(c);
  else emitCombined(c, name, dtype);
  if (dtype === 'uint8') f.i32Const(255).op('i32.and');
}

/** Replaces the two values on the stack by what an operation, or a way to combine values, makes of them. */
export function emitCombined(c: CodeContext, operation: string, dtype: DType): void {
  const { f } = c;
  const op = instruction(VALUE_TYPES[dtype], operation);
  if (op !== undefined) {
    f.op(op);
    return;
  }
  // The larger or smaller of two integers is all that is left.
  const a = c.local('i32');
  const b = c.local('i32');
  f.set(b)
    .tee(a)
    .get(b)
    .get(a)
    .get(b)
    .op(operation.startsWith('max') ? 'i32.ge_s' : 'i32.le_s')
    .op('select');
  f.release(a, b);
}

/** Turns the value on the stack from one dtype into another. */
export function emitCast(c: CodeContext, from: DType, to: DType): void {
  const { f } = c;
  const source = VALUE_TYPES[from];
  const target = VALUE_TYPES[to];
  if (to === 'bool') {
    if (source === 'i32') f.i32Const(0);
    else emitConstant(c, 0, from);
    f.op(`${source}.ne`);
  } else if (target === 'i32') {
    if (source !== 'i32') f.op(`i32.trunc_sat_${source}_s`);
    if (to !== 'uint8' || from === 'bool') return;
    f.i32Const(0);
    emitCombined(c, 'max', 'int32');
    f.i32Const(255);
    emitCombined(c, 'min', 'int32');
  } else if (source === 'i32') {
    f.op(`${target}.convert_i32_s`);
  } else if (source !== target) {
    f.op(target === 'f32' ? 'f32.demote_f64' : 'f64.promote_f32');
  }
}
