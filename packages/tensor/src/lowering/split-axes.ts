import { walk } from './accesses.js';
import { nextName } from './expression.js';
import { expressionsOf } from './grouping.js';
import type { IndexExpression } from './index-expression.js';
import { indexOver } from './index-expression.js';
import { mapRootAxes } from './kernels.js';
import type { LoopAxis } from './program.js';
import type { Root } from './roots.js';

/**
 * The same root with a loop made two wherever indices take its counter apart by division, as reshapes do: indices of the
 * two counters are affine again.
 */
export function splitAxes(root: Root): Root {
  if (root.statements) return root;
  const loops = [...root.axes, ...root.reductions.flatMap(({ axes }) => axes)];
  const divisors = divisorsIn([root]);
  for (const loop of loops) {
    const extent = partOf(loop, divisors);
    if (extent === undefined) continue;
    const outer = { axis: nextName(), extent: loop.extent / extent };
    const inner = { axis: nextName(), extent };
    const replacement = indexOver([outer, inner]);
    const replace = (axes: readonly LoopAxis[]): LoopAxis[] =>
      axes.flatMap((each) => (each.axis === loop.axis ? [outer, inner] : [each]));
    return splitAxes(mapRootAxes(root, new Map([[loop.axis, replacement]]), replace));
  }
  return root;
}

/** The extent of the inner one of two loops that a loop splits into, if it does. */
export function partOf(
  { axis, extent }: LoopAxis,
  divisors: ReadonlyMap<number, ReadonlySet<number>>,
): number | undefined {
  const candidates = [...(divisors.get(axis) ?? [])].filter(
    (divisor) => divisor < extent && extent % divisor === 0,
  );
  return candidates.length === 0 ? undefined : Math.max(...candidates);
}

/** By which numbers indices in roots divide each loop's counter. */
export function divisorsIn(roots: readonly Root[]): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  const note = ({ terms }: IndexExpression): void => {
    for (const { atom } of terms) {
      if (!('divisor' in atom)) continue;
      for (const { atom: inner, coefficient } of atom.index.terms) {
        const divisor = atom.divisor / Math.abs(coefficient);
        if (inner.kind !== 'axis' || !Number.isInteger(divisor) || divisor === 1) continue;
        found.set(inner.axis, (found.get(inner.axis) ?? new Set()).add(divisor));
      }
    }
  };
  walk(roots.flatMap(expressionsOf), () => undefined, note);
  return found;
}
