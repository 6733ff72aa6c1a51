import { sizeOf, stridesOf } from '../shape.js';
import type { Shape } from '../shape.js';
import type { Expression, LoopAxis } from './program.js';

/**
 * Where to load or store: offset + Σ coefficient · atom, in whole numbers. Movement operations (reshape, slice, ...)
 * are nothing but rewritings of these, and the rewriting keeps them affine wherever ranges allow it.
 */
export interface IndexExpression {
  readonly offset: number;
  /** Sorted by the atom's key, no coefficient 0, no atom twice. */
  readonly terms: readonly Term[];
  /** What {@link indexKey} has written. */
  key?: string;
}

/** Equal keys mean equal expressions. Written when first asked for: most expressions are but steps to another one. */
export function indexKey(index: IndexExpression): string {
  return (index.key ??= [
    ...index.terms.map(({ atom, coefficient }) => `${coefficient}*${atom.key}`),
    index.offset,
  ].join('+'));
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
  const merged: Term[] = [];
  for (const term of terms) {
    const { atom, coefficient } = term;
    let place = 0;
    while (place < merged.length && merged[place].atom.key < atom.key) place++;
    const sum = merged[place]?.atom.key === atom.key ? coefficient + merged[place].coefficient : undefined;
    if (sum === undefined) merged.splice(place, 0, term);
    else if (sum === 0) merged.splice(place, 1);
    else merged[place] = { atom, coefficient: sum };
  }
  // d · floor(x / d) + x mod d is x: what reshapes take apart comes together again.
  for (const { atom, coefficient } of merged) {
    if (atom.kind !== 'mod') continue;
    const key = `(${indexKey(atom.index)})/${atom.divisor}`;
    const whole = merged.find((term) => term.atom.key === key);
    if (whole?.coefficient !== coefficient * atom.divisor) continue;
    const rest = merged.filter((term) => term.atom !== atom && term !== whole);
    const joined = scaleIndex(atom.index, coefficient);
    return build(offset + joined.offset, [...rest, ...joined.terms]);
  }
  return { offset, terms: merged };
}

export function constantIndex(offset: number): IndexExpression {
  return { offset, terms: [] };
}

function atomIndex(atom: Atom): IndexExpression {
  return { offset: 0, terms: [{ atom, coefficient: 1 }] };
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

export function shiftIndex({ offset, terms }: IndexExpression, by: number): IndexExpression {
  return { offset: offset + by, terms };
}

export function scaleIndex(index: IndexExpression, by: number): IndexExpression {
  if (by === 1) return index;
  if (by === 0) return constantIndex(0);
  return {
    offset: index.offset * by,
    terms: index.terms.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient * by })),
  };
}

/** The smallest and largest value the expression can take. */
export function rangeOf({ offset, terms }: IndexExpression): [low: number, high: number] {
  let low = offset;
  let high = offset;
  for (const { atom, coefficient } of terms) {
    const first = coefficient * atom.lowest;
    const last = coefficient * (atom.extent - 1);
    low += Math.min(first, last);
    high += Math.max(first, last);
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
    quotient: {
      offset,
      terms: whole.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient / divisor })),
    },
    rest: { offset: index.offset - offset * divisor, terms: others },
  };
}

/**
 * Looks for a common factor: the index as factor · common + rest, with the rest from 0 to below the factor, which divides
 * the divisor. Then the rest does not matter to the quotient.
 */
function commonFactor(
  index: IndexExpression,
  divisor: number,
): { factor: number; common: IndexExpression; rest: IndexExpression } | undefined {
  const factors = index.terms.map(({ coefficient }) => Math.abs(coefficient)).sort((a, b) => b - a);
  for (const factor of factors) {
    if (factor === 1 || factor >= divisor || divisor % factor !== 0) continue;
    const { quotient: common, rest } = divideOut(index, factor);
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
  const [lowest, last] = rangeOf(rest).map((end) => Math.floor(end / divisor));
  const key = `(${indexKey(rest)})/${divisor}`;
  const atom: Atom = { kind: 'floorDiv', index: rest, divisor, lowest, extent: last + 1, key };
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
    key: `(${indexKey(rest)})%${divisor}`,
  });
}

/** The place in row-major order of the element at `indices`. */
export function linearIndex(indices: readonly IndexExpression[], shape: Shape): IndexExpression {
  const strides = stridesOf(shape);
  return addIndices(...indices.map((index, axis) => scaleIndex(index, strides[axis])));
}

/** The counters of loops, as indices. */
export function indicesOf(loops: readonly LoopAxis[]): IndexExpression[] {
  return loops.map(({ axis, extent }) => axisIndex(axis, extent));
}

/** The extents of nested loops. */
export function shapeOf(loops: readonly LoopAxis[]): Shape {
  return loops.map(({ extent }) => extent);
}

/** How many points nested loops run through. */
export function pointsOf(loops: readonly LoopAxis[]): number {
  return sizeOf(shapeOf(loops));
}

/** The place of a point of nested loops in row-major order. */
export function indexOver(loops: readonly LoopAxis[]): IndexExpression {
  return linearIndex(indicesOf(loops), shapeOf(loops));
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
  return index.terms.flatMap(({ atom }) =>
    atom.kind === 'axis' ? [] : atom.kind === 'value' ? [atom.value] : valuesOf(atom.index),
  );
}

/** The coefficient of a loop counter, where the expression is affine in it; undefined where it is not. */
export function coefficientOf(index: IndexExpression, axis: number): number | undefined {
  let found = 0;
  // Asked thousands of times for a program: no iterator.
  for (let i = 0; i < index.terms.length; i++) {
    const { atom, coefficient } = index.terms[i];
    if (atom.kind !== 'axis') {
      if (axesOf(atomIndex(atom)).has(axis)) return undefined;
    } else if (atom.axis === axis) found = coefficient;
  }
  return found;
}

/** What loop counters are replaced by; those that are not in it stay. */
export type Replacements = ReadonlyMap<number, IndexExpression>;

/** Rewrites loop counters and, where it is said how, computed indices; the same expression where none of them changes. */
export function mapIndex(
  index: IndexExpression,
  axes: Replacements,
  onValue = (value: Expression): Expression => value,
): IndexExpression {
  const mapAtom = (atom: Atom): IndexExpression | undefined => {
    if (atom.kind === 'axis') return axes.get(atom.axis);
    if (atom.kind === 'value') {
      const value = onValue(atom.value);
      return value === atom.value ? undefined : valueIndex(value, atom.extent);
    }
    const inner = mapIndex(atom.index, axes, onValue);
    if (inner === atom.index) return undefined;
    return (atom.kind === 'floorDiv' ? floorDivIndex : modIndex)(inner, atom.divisor);
  };
  const changed: IndexExpression[] = [];
  const kept = index.terms.filter(({ atom, coefficient }) => {
    const mapped = mapAtom(atom);
    if (mapped) changed.push(scaleIndex(mapped, coefficient));
    return !mapped;
  });
  return changed.length === 0 ? index : addIndices({ offset: index.offset, terms: kept }, ...changed);
}
