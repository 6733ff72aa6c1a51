import { exactly } from '../describe.js';
import type { DType } from '../dtype.js';
import type { BinaryName, UnaryName } from '../operation.js';
import type { IndexExpression } from './index-expression.js';
import { axesOf, axisIndex, mapIndex, rangeOf, valuesOf } from './index-expression.js';
import type { Condition, Expression, WordName } from './program.js';

/**
 * Every expression made so far, by its structure: equal ones are one object with one short key, so that chains with
 * shared parts (the rounds of the random generator) do not grow with each sharing. Emptied for each lowering.
 */
const interned = new Map<string, Expression>();

export function forgetExpressions(): void {
  interned.clear();
}

type Fields<E> = E extends Expression ? Omit<E, 'key' | 'axes' | 'registers'> : never;

/** An expression made of parts; `structure` is all else that tells it from others. */
function make(structure: string, parts: readonly Expression[], fields: Fields<Expression>): Expression {
  const full = `${structure}(${parts.map(({ key }) => key).join()})${fields.dtype}`;
  return intern(full, fields, union(parts, 'axes'), union(parts, 'registers'));
}

/** An expression that depends on an index. */
function makeAt(structure: string, index: IndexExpression, fields: Fields<Expression>): Expression {
  return intern(`${structure}[${index.key}]`, fields, axesOf(index), union(valuesOf(index), 'registers'));
}

function intern(
  structure: string,
  fields: Fields<Expression>,
  axes: ReadonlySet<number>,
  registers: ReadonlySet<number>,
): Expression {
  const known = interned.get(structure);
  if (known !== undefined) return known;
  const made: Expression = { ...fields, axes, registers, key: `e${interned.size}` };
  interned.set(structure, made);
  return made;
}

function union(parts: readonly Expression[], pick: 'axes' | 'registers'): ReadonlySet<number> {
  const filled = parts.filter((part) => part[pick].size > 0);
  return filled.length === 1 ? filled[0][pick] : new Set(filled.flatMap((part) => [...part[pick]]));
}

export function constantOf(value: number, dtype: DType): Expression {
  return make(exactly(value), [], { kind: 'constant', value, dtype });
}

export function load(buffer: number, index: IndexExpression, dtype: DType): Expression {
  return makeAt(`b${buffer}`, index, { kind: 'load', buffer, index, dtype });
}

/** The place as a number; a known one is a constant. */
export function placeOf(index: IndexExpression): Expression {
  if (index.terms.length === 0) return constantOf(index.offset, 'int32');
  return makeAt('#', index, { kind: 'index', index, dtype: 'int32' });
}

export function registerOf(register: number, dtype: DType, axes: ReadonlySet<number>): Expression {
  return intern(
    `r${register}(${[...axes].join()})`,
    { kind: 'register', register, dtype },
    axes,
    new Set([register]),
  );
}

export function unary(name: UnaryName, operand: Expression): Expression {
  return make(name, [operand], { kind: 'unary', name, operand, dtype: operand.dtype });
}

export function binary(
  name: BinaryName | WordName,
  left: Expression,
  right: Expression,
  dtype: DType,
): Expression {
  return make(name, [left, right], { kind: 'binary', name, left, right, dtype });
}

export function select(condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression {
  const { dtype } = whenTrue;
  return make('select', [condition, whenTrue, whenFalse], {
    kind: 'select',
    condition,
    whenTrue,
    whenFalse,
    dtype,
  });
}

export function castTo(operand: Expression, dtype: DType): Expression {
  return operand.dtype === dtype ? operand : make('cast', [operand], { kind: 'cast', operand, dtype });
}

/** A guard; conditions that always hold go, and one that never does leaves `otherwise`. */
export function guard(
  conditions: readonly Condition[],
  value: () => Expression,
  otherwise: Expression,
): Expression {
  const open: Condition[] = [];
  for (const condition of conditions) {
    const [low, high] = rangeOf(condition.index);
    if (high < condition.lower || low >= condition.upper) return otherwise;
    if (low < condition.lower || high >= condition.upper) open.push(condition);
  }
  const inside = value();
  if (open.length === 0 || inside === otherwise) return inside;
  const bounds = open.map(({ lower, upper }) => `${lower}:${upper}`).join();
  const parts = [...open.map(({ index }) => placeOf(index)), inside, otherwise];
  return make(`guard ${bounds}`, parts, {
    kind: 'guard',
    conditions: open,
    value: inside,
    otherwise,
    dtype: inside.dtype,
  });
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

/** The same expression over other parts and indices. */
export function mapParts(
  expression: Expression,
  onPart: (part: Expression) => Expression,
  onIndex: (index: IndexExpression) => IndexExpression,
): Expression {
  switch (expression.kind) {
    case 'unary':
      return unary(expression.name, onPart(expression.operand));
    case 'binary':
      return binary(expression.name, onPart(expression.left), onPart(expression.right), expression.dtype);
    case 'select':
      return select(onPart(expression.condition), onPart(expression.whenTrue), onPart(expression.whenFalse));
    case 'cast':
      return castTo(onPart(expression.operand), expression.dtype);
    case 'load':
      return load(expression.buffer, onIndex(expression.index), expression.dtype);
    case 'index':
      return placeOf(onIndex(expression.index));
    case 'guard': {
      const conditions = expression.conditions.map((each) => ({ ...each, index: onIndex(each.index) }));
      return guard(conditions, () => onPart(expression.value), onPart(expression.otherwise));
    }
    default:
      return expression;
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
  const rebuilt =
    expression.kind === 'register'
      ? // Any extent will do but 1, which would make the counter vanish.
        registerOf(
          expression.register,
          expression.dtype,
          new Set([...expression.axes].flatMap((axis) => [...axesOf(onAxis(axis, 2))])),
        )
      : mapParts(expression, again, (index) => mapIndex(index, onAxis, again));
  const result = replace(rebuilt);
  memo.set(expression, result);
  return result;
}
