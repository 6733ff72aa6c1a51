import type { DType, Expression } from '@downhill/tensor';
import type { PlainOp } from './opcodes.js';
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

const FLOAT_UNARY: Partial<Record<UnaryExpression['name'], string>> = {
  neg: 'neg',
  abs: 'abs',
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
  round: 'nearest',
};

function emitUnary(c: CodeContext, name: UnaryExpression['name'], operand: Expression): void {
  const { f } = c;
  const { dtype } = operand;
  const type = VALUE_TYPES[dtype];
  const simple = FLOAT_UNARY[name];
  if (name === 'not') {
    emitScalar(c, operand);
    f.op('i32.eqz');
    return;
  }
  if (type !== 'i32' && simple !== undefined) {
    emitScalar(c, operand);
    f.op(`${type}.${simple}` as PlainOp);
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

const COMPARISONS: Partial<Record<BinaryExpression['name'], string>> = {
  equal: 'eq',
  notEqual: 'ne',
  less: 'lt',
  lessEqual: 'le',
};
const ARITHMETIC: Partial<Record<BinaryExpression['name'], string>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  and: 'and',
  or: 'or',
  xor: 'xor',
  wordAdd: 'add',
  wordXor: 'xor',
  rotateLeft: 'rotl',
  shiftRight: 'shr_u',
};

function emitBinary(c: CodeContext, { name, left, right }: BinaryExpression): void {
  const { f } = c;
  const { dtype } = left;
  const type = VALUE_TYPES[dtype];
  const comparison = COMPARISONS[name];
  if (comparison !== undefined) {
    emitScalar(c, left);
    emitScalar(c, right);
    const suffix = type === 'i32' && name.startsWith('less') ? '_s' : '';
    f.op(`${type}.${comparison}${suffix}` as PlainOp);
    return;
  }
  if (name === 'maximum' || name === 'minimum') {
    emitScalar(c, left);
    emitScalar(c, right);
    emitExtreme(c, name === 'maximum', dtype);
    return;
  }
  if (name === 'pow') {
    emitScalar(c, left);
    if (type === 'f32') f.op('f32x4.splat');
    emitScalar(c, right);
    if (type === 'f32') {
      f.op('f32x4.splat');
      vectorMath(c, 'pow');
      f.lane('f32x4.extract_lane', 0);
    } else {
      emitDoublePower(c);
    }
    return;
  }
  emitScalar(c, left);
  emitScalar(c, right);
  f.op(`${type}.${ARITHMETIC[name] ?? name}` as PlainOp);
  if (dtype === 'uint8') f.i32Const(255).op('i32.and');
}

/** The larger or smaller of the two values on the stack. */
export function emitExtreme(c: CodeContext, larger: boolean, dtype: DType): void {
  const { f } = c;
  const type = VALUE_TYPES[dtype];
  if (type !== 'i32') {
    f.op(`${type}.${larger ? 'max' : 'min'}`);
    return;
  }
  const a = c.local('i32');
  const b = c.local('i32');
  f.set(b)
    .tee(a)
    .get(b)
    .get(a)
    .get(b)
    .op(larger ? 'i32.ge_s' : 'i32.le_s')
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
    emitExtreme(c, true, 'int32');
    f.i32Const(255);
    emitExtreme(c, false, 'int32');
  } else if (source === 'i32') {
    f.op(`${target}.convert_i32_s`);
  } else if (source !== target) {
    f.op(target === 'f32' ? 'f32.demote_f64' : 'f64.promote_f32');
  }
}
