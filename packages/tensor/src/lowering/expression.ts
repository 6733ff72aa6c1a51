import type { DType } from '../dtype.js';
import type { BinaryName, UnaryName } from '../operation.js';
import type { IndexExpression } from './index-expression.js';
import { axesOf, axisIndex, mapIndex, rangeOf, valuesOf } from './index-expression.js';
import type { Condition, Expression, WordName } from './program.js';

const NONE: ReadonlySet<never> = new Set<never>();

/**
 * Every expression made so far, by its structure: equal ones are one object with one short key, so that chains with
 * shared parts (the rounds of the random generator) do not grow with each sharing. Emptied for each lowering.
 */
const interned = new Map<string, Expression>();

export function forgetExpressions(): void {
  interned.clear();
}

type Unkeyed<E> = E extends Expression ? Omit<E, 'key'> : never;

function intern(structure: string, make: () => Unkeyed<Expression>): Expression {
  const known = interned.get(structure);
  if (known !== undefined) return known;
  const made: Expression = { ...make(), key: `e${interned.size}` };
  interned.set(structure, made);
  return made;
}

function union(parts: readonly Expression[], pick: 'axes' | 'registers'): ReadonlySet<number> {
  const filled = parts.filter((part) => part[pick].size > 0);
  if (filled.length === 0) return NONE;
  if (filled.length === 1) return filled[0][pick];
  return new Set(filled.flatMap((part) => [...part[pick]]));
}

function indexParts(index: IndexExpression): { axes: ReadonlySet<number>; registers: ReadonlySet<number> } {
  return { axes: axesOf(index), registers: union(valuesOf(index), 'registers') };
}

export function constantOf(value: number, dtype: DType): Expression {
  const structure = `${Object.is(value, -0) ? '-0' : value}:${dtype}`;
  return intern(structure, () => ({ kind: 'constant', value, dtype, axes: NONE, registers: NONE }));
}

export function load(buffer: number, index: IndexExpression, dtype: DType): Expression {
  return intern(`b${buffer}[${index.key}]`, () => ({ kind: 'load', buffer, index, dtype, ...indexParts(index) }));
}

/** The place as a number; a known one is a constant. */
export function placeOf(index: IndexExpression): Expression {
  if (index.terms.length === 0) return constantOf(index.offset, 'int32');
  return intern(`#[${index.key}]`, () => ({ kind: 'index', index, dtype: 'int32', ...indexParts(index) }));
}

export function registerOf(register: number, dtype: DType, axes: ReadonlySet<number>): Expression {
  return intern(`r${register}(${[...axes].join()})`, () => ({ kind: 'register', register, dtype, axes, registers: new Set([register]) }));
}

export function unary(name: UnaryName, operand: Expression): Expression {
  const { dtype, axes, registers } = operand;
  return intern(`${name}(${operand.key})`, () => ({ kind: 'unary', name, operand, dtype, axes, registers }));
}

export function binary(name: BinaryName | WordName, left: Expression, right: Expression, dtype: DType): Expression {
  return intern(`${name}(${left.key},${right.key})`, () => ({
    kind: 'binary',
    name,
    left,
    right,
    dtype,
    axes: union([left, right], 'axes'),
    registers: union([left, right], 'registers'),
  }));
}

export function select(condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression {
  const parts = [condition, whenTrue, whenFalse];
  return intern(`select(${parts.map(({ key }) => key).join(',')})`, () => ({
    kind: 'select',
    condition,
    whenTrue,
    whenFalse,
    dtype: whenTrue.dtype,
    axes: union(parts, 'axes'),
    registers: union(parts, 'registers'),
  }));
}

export function castTo(operand: Expression, dtype: DType): Expression {
  if (operand.dtype === dtype) return operand;
  const { axes, registers } = operand;
  return intern(`${dtype}(${operand.key})`, () => ({ kind: 'cast', operand, dtype, axes, registers }));
}

/** A guard; conditions that always hold go, and one that never does leaves `otherwise`. */
export function guard(conditions: readonly Condition[], value: () => Expression, otherwise: Expression): Expression {
  const open: Condition[] = [];
  for (const condition of conditions) {
    const [low, high] = rangeOf(condition.index);
    if (high < condition.lower || low >= condition.upper) return otherwise;
    if (low < condition.lower || high >= condition.upper) open.push(condition);
  }
  const inside = value();
  if (open.length === 0 || inside.key === otherwise.key) return inside;
  const tests = open.map(({ index }) => placeOf(index));
  const parts = [...tests, inside, otherwise];
  const bounds = open.map(({ lower, upper }, i) => `${lower}<=${tests[i].key}<${upper}`).join('&');
  return intern(`guard(${bounds}?${inside.key}:${otherwise.key})`, () => ({
    kind: 'guard',
    conditions: open,
    value: inside,
    otherwise,
    dtype: inside.dtype,
    axes: union(parts, 'axes'),
    registers: union(parts, 'registers'),
  }));
}

/** The expressions directly inside, without those of a guard's value, which must not be computed outside it. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'unary':
    case 'cast':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'select':
      return [expression.condition, expression.whenTrue, expression.whenFalse];
    case 'guard':
      return [expression.otherwise];
    case 'load':
    case 'index':
      return valuesOf(expression.index);
    default:
      return [];
  }
}

/** Rewrites an expression from the leaves up: `replace` sees each part, rebuilt, and may give another for it. */
export function rewrite(
  expression: Expression,
  replace: (part: Expression) => Expression,
  onAxis: (axis: number, extent: number) => IndexExpression = axisIndex,
  memo = new Map<Expression, Expression>(),
): Expression {
  const known = memo.get(expression);
  if (known !== undefined) return known;
  const again = (part: Expression): Expression => rewrite(part, replace, onAxis, memo);
  const onIndex = (index: IndexExpression): IndexExpression => mapIndex(index, onAxis, again);
  const rebuilt = (): Expression => {
    switch (expression.kind) {
      case 'unary':
        return unary(expression.name, again(expression.operand));
      case 'binary':
        return binary(expression.name, again(expression.left), again(expression.right), expression.dtype);
      case 'select':
        return select(again(expression.condition), again(expression.whenTrue), again(expression.whenFalse));
      case 'cast':
        return castTo(again(expression.operand), expression.dtype);
      case 'load':
        return load(expression.buffer, onIndex(expression.index), expression.dtype);
      case 'index':
        return placeOf(onIndex(expression.index));
      case 'guard': {
        const conditions = expression.conditions.map((each) => ({ ...each, index: onIndex(each.index) }));
        return guard(conditions, () => again(expression.value), again(expression.otherwise));
      }
      case 'register': {
        // Any extent will do but 1, which would make the counter vanish.
        const axes = [...expression.axes].flatMap((axis) => [...axesOf(onAxis(axis, 2))]);
        return registerOf(expression.register, expression.dtype, new Set(axes));
      }
      default:
        return expression;
    }
  };
  const result = replace(rebuilt());
  memo.set(expression, result);
  return result;
}
