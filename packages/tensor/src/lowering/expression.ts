import { exactly } from '../describe.js';
import type { DType } from '../dtype.js';
import type { BinaryName, UnaryName } from '../operation.js';
import type { IndexExpression, Replacements } from './index-expression.js';
import { axesOf, axisIndex, indexKey, mapIndex, rangeOf, valuesOf } from './index-expression.js';
import type { Condition, Expression, WordName } from './program.js';

/**
 * Every expression made so far, by its structure: equal ones are one object with one short key, so that chains with
 * shared parts (the rounds of the random generator) do not grow with each sharing. Emptied for each lowering.
 */
const interned = new Map<string, Expression>();

/** How many expressions there have been: a backend may rewrite those of one lowering after another. */
let made = 0;

/** How many loop counters and registers have been named. */
let names = 0;

export function forgetExpressions(): void {
  interned.clear();
  names = 0;
}

/** Gives each loop counter and register of a lowering a number of its own. */
export function nextName(): number {
  return names++;
}

type Fields<E> = E extends Expression ? Omit<E, 'key' | 'axes' | 'registers'> & Partial<E> : never;

/** An expression made of parts; `structure` is all else that tells it from others. */
function make(structure: string, parts: readonly Expression[], fields: Fields<Expression>): Expression {
  const full = `${structure}(${parts.map(({ key }) => key).join()})${fields.dtype}`;
  const known = interned.get(full);
  if (known) return known;
  const expression: Expression = {
    axes: 'index' in fields ? axesOf(fields.index) : union(parts, 'axes'),
    registers: union(parts, 'registers'),
    ...fields,
    key: `e${made++}`,
  };
  interned.set(full, expression);
  return expression;
}

const NONE: ReadonlySet<number> = new Set();

function union(parts: readonly Expression[], pick: 'axes' | 'registers'): ReadonlySet<number> {
  return parts.reduce((all, { [pick]: own }) => {
    if (all.size === 0) return own;
    return [...own].every((each) => all.has(each)) ? all : new Set([...all, ...own]);
  }, NONE);
}

export function constantOf(value: number, dtype: DType): Expression {
  return make(exactly(value), [], { kind: 'constant', value, dtype });
}

export function load(buffer: number, index: IndexExpression, dtype: DType): Expression {
  return make(`b${buffer}[${indexKey(index)}]`, valuesOf(index), { kind: 'load', buffer, index, dtype });
}

/** The place as a number; a known one is a constant. */
export function placeOf(index: IndexExpression): Expression {
  if (index.terms.length === 0) return constantOf(index.offset, 'int32');
  return make(`[${indexKey(index)}]`, valuesOf(index), { kind: 'index', index, dtype: 'int32' });
}

export function registerOf(register: number, dtype: DType, axes: ReadonlySet<number>): Expression {
  const registers = new Set([register]);
  return make(`r${register}[${[...axes].join()}]`, [], {
    kind: 'register',
    register,
    dtype,
    axes,
    registers,
  });
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

/**
 * Rewrites an expression from the leaves up: `replace` sees each part, rebuilt, and may give another for it. Without it
 * parts that depend on none of the `axes` stay as they are.
 */
export function rewrite(
  expression: Expression,
  axes: Replacements,
  memo: Map<Expression, Expression>,
  replace?: (part: Expression) => Expression,
): Expression {
  const known = memo.get(expression);
  if (known) return known;
  if (!replace && ![...axes.keys()].some((axis) => expression.axes.has(axis))) return expression;
  const again = (part: Expression): Expression => rewrite(part, axes, memo, replace);
  const rebuilt =
    expression.kind === 'register'
      ? registerOf(
          expression.register,
          expression.dtype,
          new Set([...expression.axes].flatMap((axis) => [...axesOf(axes.get(axis) ?? axisIndex(axis, 2))])),
        )
      : mapParts(expression, again, (index) => mapIndex(index, axes, again));
  const result = replace?.(rebuilt) ?? rebuilt;
  memo.set(expression, result);
  return result;
}
