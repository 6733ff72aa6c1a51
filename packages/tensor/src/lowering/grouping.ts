import { remembering } from '../remembering.js';
import {
  addIndices,
  axesOf,
  axisIndex,
  coefficientOf,
  pointsOf,
  rangeOf,
  scaleIndex,
} from './index-expression.js';
import type { Access } from './accesses.js';
import { accessesIn, loadsIn } from './accesses.js';
import { placeOf } from './expression.js';
import type { Expression } from './program.js';
import type { Root } from './roots.js';

/** All that a root computes, where it stores included. */
export function expressionsOf({ value, index, reductions }: Root): Expression[] {
  return [value, placeOf(index), ...reductions.map((reduction) => reduction.value)];
}

/** Every load in a root; looked for once, since forming kernels asks again and again. */
export const loadsOf = remembering((root: Root): readonly Access[] => {
  const { statements = [], buffers } = root;
  const inside = accessesIn(statements).filter(({ buffer }) => !buffers.includes(buffer));
  return [...inside, ...loadsIn(expressionsOf(root))];
});

/** Whether a root sums products of which each factor is read again for other points: work for a blocked kernel. */
export function isContraction({ axes, reductions }: Root): boolean {
  return reductions.some(({ combine, value }) => {
    if (combine !== 'sum' || value.kind !== 'binary' || value.name !== 'mul') return false;
    return [value.left, value.right].every(
      (factor) => factor.kind === 'load' && axes.some(({ axis }) => !factor.axes.has(axis)),
    );
  });
}

/** Roots that will be one kernel, while kernels are being formed. */
export interface Draft {
  readonly roots: Root[];
  /** The number of leading axes the roots share. */
  prefix: number;
  /** All kernels that must run before this one, near and far. */
  readonly before: Set<Draft>;
}

export function isFull({ roots, prefix }: Draft): boolean {
  return roots.every(({ axes }) => axes.length === prefix);
}

/** Makes `later` run after `earlier`, and all that runs after `later` as well; false if that would be a circle. */
export function order(drafts: readonly Draft[], earlier: Draft, later: Draft): boolean {
  if (earlier === later || later.before.has(earlier)) return true;
  if (earlier.before.has(later)) return false;
  const all = [earlier, ...earlier.before];
  for (const draft of drafts) {
    if (draft === later || draft.before.has(later)) all.forEach((each) => draft.before.add(each));
  }
  return true;
}

function sameExtents(a: Root, b: Root, count: number): boolean {
  return (
    a.axes.length >= count &&
    b.axes.length >= count &&
    a.axes.slice(0, count).every(({ extent }, i) => extent === b.axes[i].extent)
  );
}

/** Whether `load` in `reader` reads, at each point, just what `writer` stores at the same point of its axes. */
export function readsSamePoint(load: Access, reader: Root, writer: Root): boolean {
  if (!sameExtents(reader, writer, writer.axes.length)) return false;
  return (
    load.index.offset === writer.index.offset &&
    load.index.terms.every(({ atom }) => atom.kind === 'axis') &&
    writer.axes.every(
      ({ axis }, i) => coefficientOf(load.index, reader.axes[i].axis) === coefficientOf(writer.index, axis),
    ) &&
    load.index.terms.length === writer.index.terms.length
  );
}

/** Whether `load` stays within what `writer` stores while the first `prefix` axes stand still. */
function readsSameRow(load: Access, reader: Root, writer: Root, prefix: number): boolean {
  if (!sameExtents(reader, writer, prefix)) return false;
  const rowSize = pointsOf(writer.axes.slice(prefix));
  const shared = reader.axes.slice(0, prefix);
  const strides = writer.axes.map(({ axis }) => coefficientOf(writer.index, axis) ?? 0);
  const starts = shared.map(({ axis, extent }, i) => scaleIndex(axisIndex(axis, extent), -strides[i]));
  const within = addIndices(load.index, ...starts);
  const inner = axesOf(within);
  const [low, high] = rangeOf(within);
  return (
    low >= 0 &&
    high < rowSize &&
    within.terms.every(({ atom }) => atom.kind !== 'value') &&
    shared.every(({ axis }, i) => !inner.has(axis) && strides[i] % rowSize === 0)
  );
}

/** A kernel whose roots read each other's results has no more of them. */
const MOST_CHAINED = 8;

export interface Joining {
  readonly drafts: readonly Draft[];
  /** The kernels that produce what the root reads. */
  readonly needs: ReadonlySet<Draft>;
  readonly writesResident: (root: Root) => boolean;
}

/** Adds a root to a kernel that exists if they run well together; else returns false. */
export function join(draft: Draft, root: Root, { drafts, needs, writesResident }: Joining): boolean {
  if (root.statements || draft.roots.some(({ statements }) => statements !== undefined)) return false;
  // A root that reduces shares a kernel only with what it reads from.
  if (root.reductions.length > 0 && !needs.has(draft)) return false;
  if ([...needs].some((need) => need.before.has(draft))) return false;
  const loads = loadsOf(root);
  const internal = loads.flatMap((load) => {
    const writer = draft.roots.find(({ buffers }) => buffers.includes(load.buffer));
    return writer ? [{ load, writer }] : [];
  });
  const prefix = jointPrefix(draft, root, internal, writesResident);
  if (prefix === undefined) return false;
  // What one root stores another computes with in the same expression: these must not grow without end.
  if (internal.length > 0 && draft.roots.length >= MOST_CHAINED) return false;
  if (internal.length === 0) {
    // Kernels that have nothing to do with each other share one only if they read the same memory.
    const read = new Set(draft.roots.flatMap((each) => loadsOf(each).map(({ buffer }) => buffer)));
    if (!loads.some(({ buffer }) => read.has(buffer))) return false;
    if (pointsOf(root.axes) === 1) return false;
  }
  for (const need of needs) order(drafts, need, draft);
  draft.roots.push(root);
  draft.prefix = prefix;
  return true;
}

function jointPrefix(
  draft: Draft,
  root: Root,
  internal: readonly { load: Access; writer: Root }[],
  writesResident: (root: Root) => boolean,
): number | undefined {
  const [leader] = draft.roots;
  const sameAxes =
    isFull(draft) && root.axes.length === draft.prefix && sameExtents(leader, root, draft.prefix);
  if (!sameAxes && internal.length === 0) return undefined;
  const heavy = draft.roots.some(isContraction);
  if (isContraction(root) || (heavy && root.reductions.length > 0)) return undefined;
  if (sameAxes && internal.every(({ load, writer }) => readsSamePoint(load, root, writer)))
    return draft.prefix;
  if (heavy || writesResident(root) || draft.roots.some(writesResident)) return undefined;
  for (let prefix = Math.min(draft.prefix, root.axes.length); prefix >= 1; prefix--) {
    if (pointsOf(leader.axes.slice(0, prefix)) < 2) break;
    if (!sameExtents(leader, root, prefix)) continue;
    if (internal.every(({ load, writer }) => readsSameRow(load, root, writer, prefix))) return prefix;
  }
  return undefined;
}
