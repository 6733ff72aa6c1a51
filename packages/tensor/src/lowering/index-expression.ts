import { stridesOf } from '../shape.js';
import type { Shape } from '../shape.js';
import type { Expression } from './program.js';

/**
 * Where to load or store: offset + Σ coefficient · atom, in whole numbers. Movement operations (reshape, slice, ...)
 * are nothing but rewritings of these, and the rewriting keeps them affine wherever ranges allow it.
 */
export interface IndexExpression {
  readonly offset: number;
  /** Sorted by the atom's key, no coefficient 0. */
  readonly terms: readonly Term[];
  /** Equal keys mean equal expressions. */
  readonly key: string;
}

export interface Term {
  readonly atom: Atom;
  readonly coefficient: number;
}

export type Atom = (
  | { readonly kind: 'axis'; readonly axis: number }
  | { readonly kind: 'floorDiv'; readonly index: IndexExpression; readonly divisor: number }
  | { readonly kind: 'mod'; readonly index: IndexExpression; readonly divisor: number }
  /** An index that is itself computed, as gather's is. */
  | { readonly kind: 'value'; readonly value: Expression }
) & {
  /** The atom runs from 0 to extent - 1, but for a floorDiv or value, which may run from `lowest`. */
  readonly extent: number;
  readonly lowest: number;
  readonly key: string;
};

function build(offset: number, terms: readonly Term[]): IndexExpression {
  const merged = new Map<string, Term>();
  for (const { atom, coefficient } of terms) {
    const sum = coefficient + (merged.get(atom.key)?.coefficient ?? 0);
    merged.set(atom.key, { atom, coefficient: sum });
  }
  // d · floor(x / d) + x mod d is x: what reshapes take apart comes together again.
  for (const { atom, coefficient } of [...merged.values()]) {
    if (atom.kind !== 'mod') continue;
    const whole = merged.get(`(${atom.index.key})/${atom.divisor}`);
    if (coefficient === 0 || whole?.coefficient !== coefficient * atom.divisor) continue;
    const rest = [...merged.values()].filter((term) => term.atom !== atom && term !== whole);
    const scaled = atom.index.terms.map((term) => ({ ...term, coefficient: term.coefficient * coefficient }));
    return build(offset + atom.index.offset * coefficient, [...rest, ...scaled]);
  }
  const kept = [...merged.values()]
    .filter(({ coefficient }) => coefficient !== 0)
    .sort((a, b) => (a.atom.key < b.atom.key ? -1 : 1));
  const key = [...kept.map(({ atom, coefficient }) => `${coefficient}*${atom.key}`), String(offset)].join(
    '+',
  );
  return { offset, terms: kept, key };
}

export function constantIndex(offset: number): IndexExpression {
  return build(offset, []);
}

function atomIndex(atom: Atom): IndexExpression {
  return build(0, [{ atom, coefficient: 1 }]);
}

/** The counter of a loop; one that runs only once is 0. */
export function axisIndex(axis: number, extent: number): IndexExpression {
  return extent === 1
    ? constantIndex(0)
    : atomIndex({ kind: 'axis', axis, extent, lowest: 0, key: `a${axis}` });
}

export function valueIndex(value: Expression, extent: number): IndexExpression {
  return atomIndex({ kind: 'value', value, extent, lowest: 0, key: `(${value.key})` });
}

export function addIndices(...parts: readonly IndexExpression[]): IndexExpression {
  return build(
    parts.reduce((sum, part) => sum + part.offset, 0),
    parts.flatMap((part) => part.terms),
  );
}

export function shiftIndex(index: IndexExpression, by: number): IndexExpression {
  return by === 0 ? index : build(index.offset + by, index.terms);
}

export function scaleIndex(index: IndexExpression, by: number): IndexExpression {
  if (by === 1) return index;
  return build(
    index.offset * by,
    index.terms.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient * by })),
  );
}

/** The smallest and largest value the expression can take. */
export function rangeOf({ offset, terms }: IndexExpression): [low: number, high: number] {
  let low = offset;
  let high = offset;
  for (const { atom, coefficient } of terms) {
    const ends = [coefficient * atom.lowest, coefficient * (atom.extent - 1)];
    low += Math.min(...ends);
    high += Math.max(...ends);
  }
  return [low, high];
}

/** Splits into divisor · quotient + rest, taking out of the rest all that divides. */
function divideOut(
  index: IndexExpression,
  divisor: number,
): { quotient: IndexExpression; rest: IndexExpression } {
  const whole = index.terms.filter(({ coefficient }) => coefficient % divisor === 0);
  const others = index.terms.filter(({ coefficient }) => coefficient % divisor !== 0);
  const offset = Math.floor(index.offset / divisor);
  return {
    quotient: build(
      offset,
      whole.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient / divisor })),
    ),
    rest: build(index.offset - offset * divisor, others),
  };
}

/**
 * Looks for a common factor: the index as factor · common + rest, with the rest from 0 to below the factor, which divides
 * the divisor. Then the rest does not matter to the quotient.
 */
function commonFactor(
  { offset, terms }: IndexExpression,
  divisor: number,
): { factor: number; common: IndexExpression; rest: IndexExpression } | undefined {
  const factors = terms.map(({ coefficient }) => Math.abs(coefficient)).sort((a, b) => b - a);
  for (const factor of factors) {
    if (factor === 1 || factor >= divisor || divisor % factor !== 0) continue;
    const { quotient: common, rest } = divideOut(build(offset, terms), factor);
    if (within(rest, factor)) return { factor, common, rest };
  }
  return undefined;
}

function within(index: IndexExpression, extent: number): boolean {
  const [low, high] = rangeOf(index);
  return low >= 0 && high < extent;
}

export function floorDivIndex(index: IndexExpression, divisor: number): IndexExpression {
  if (divisor === 1) return index;
  const { quotient, rest } = divideOut(index, divisor);
  if (within(rest, divisor)) return quotient;
  const shared = commonFactor(rest, divisor);
  if (shared) return addIndices(quotient, floorDivIndex(shared.common, divisor / shared.factor));
  const [low, high] = rangeOf(rest);
  const lowest = Math.floor(low / divisor);
  const extent = Math.floor(high / divisor) + 1;
  const atom: Atom = {
    kind: 'floorDiv',
    index: rest,
    divisor,
    lowest,
    extent,
    key: `(${rest.key})/${divisor}`,
  };
  return addIndices(quotient, atomIndex(atom));
}

export function modIndex(index: IndexExpression, divisor: number): IndexExpression {
  const { rest } = divideOut(index, divisor);
  if (within(rest, divisor)) return rest;
  const shared = commonFactor(rest, divisor);
  if (shared) {
    const { factor, common } = shared;
    return addIndices(scaleIndex(modIndex(common, divisor / factor), factor), shared.rest);
  }
  return atomIndex({
    kind: 'mod',
    index: rest,
    divisor,
    lowest: 0,
    extent: divisor,
    key: `(${rest.key})%${divisor}`,
  });
}

/** The place in row-major order of the element at `indices`. */
export function linearIndex(indices: readonly IndexExpression[], shape: Shape): IndexExpression {
  const strides = stridesOf(shape);
  return addIndices(...indices.map((index, axis) => scaleIndex(index, strides[axis])));
}

/** The indices, one an axis, of the element at a place in row-major order: the inverse of {@link linearIndex}. */
export function unravelIndex(linear: IndexExpression, shape: Shape): IndexExpression[] {
  const strides = stridesOf(shape);
  return shape.map((extent, axis) => {
    if (extent === 1) return constantIndex(0);
    const above = floorDivIndex(linear, Math.max(1, strides[axis]));
    return axis === 0 || within(above, extent) ? above : modIndex(above, extent);
  });
}

/** The loop counters an expression depends on, those of computed indices included. */
export function axesOf(index: IndexExpression, found = new Set<number>()): Set<number> {
  for (const { atom } of index.terms) {
    if (atom.kind === 'axis') found.add(atom.axis);
    else if (atom.kind !== 'value') axesOf(atom.index, found);
    else for (const axis of atom.value.axes) found.add(axis);
  }
  return found;
}

/** The computed indices in an expression. */
export function valuesOf(index: IndexExpression): Expression[] {
  return index.terms.flatMap(({ atom }) => {
    if (atom.kind === 'axis') return [];
    return atom.kind === 'value' ? [atom.value] : valuesOf(atom.index);
  });
}

/** The coefficient of a loop counter, where the expression is affine in it; undefined where it is not. */
export function coefficientOf(index: IndexExpression, axis: number): number | undefined {
  let coefficient = 0;
  for (const { atom, coefficient: factor } of index.terms) {
    if (atom.kind === 'axis') coefficient += atom.axis === axis ? factor : 0;
    else if (axesOf(atomIndex(atom)).has(axis)) return undefined;
  }
  return coefficient;
}

/** Rewrites every loop counter and computed index. */
export function mapIndex(
  index: IndexExpression,
  onAxis: (axis: number, extent: number) => IndexExpression,
  onValue: (value: Expression) => Expression,
): IndexExpression {
  const parts = index.terms.map(({ atom, coefficient }) => {
    const inner = (): IndexExpression => {
      if (atom.kind === 'axis') return onAxis(atom.axis, atom.extent);
      if (atom.kind === 'value') return valueIndex(onValue(atom.value), atom.extent);
      const mapped = mapIndex(atom.index, onAxis, onValue);
      return atom.kind === 'floorDiv' ? floorDivIndex(mapped, atom.divisor) : modIndex(mapped, atom.divisor);
    };
    return scaleIndex(inner(), coefficient);
  });
  return addIndices(constantIndex(index.offset), ...parts);
}
