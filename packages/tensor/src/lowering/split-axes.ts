import { operandsOf } from './expression.js';
import type { IndexExpression } from './index-expression.js';
import { addIndices, axisIndex, coefficientOf, scaleIndex, valuesOf } from './index-expression.js';
import { mapRootAxes } from './kernels.js';
import type { Expression, LoopAxis } from './program.js';
import type { Root } from './roots.js';

/**
 * The same root with a loop made two wherever indices take its counter apart by division, as reshapes do: indices of the
 * two counters are affine again.
 */
export function splitAxes(root: Root, nextAxis: () => number): Root {
  if (root.statements !== undefined) return root;
  const loops = [...root.axes, ...root.reductions.flatMap(({ axes }) => axes)];
  const divisors = divisorsIn(root);
  for (const loop of loops) {
    const candidates = [...(divisors.get(loop.axis) ?? [])].filter(
      (divisor) => divisor < loop.extent && loop.extent % divisor === 0,
    );
    if (candidates.length === 0) continue;
    const extent = Math.max(...candidates);
    const outer = { axis: nextAxis(), extent: loop.extent / extent };
    const inner = { axis: nextAxis(), extent };
    const replacement = addIndices(
      scaleIndex(axisIndex(outer.axis, outer.extent), extent),
      axisIndex(inner.axis, extent),
    );
    const replace = (axes: readonly LoopAxis[]): LoopAxis[] =>
      axes.flatMap((each) => (each.axis === loop.axis ? [outer, inner] : [each]));
    return splitAxes(mapRootAxes(root, loop.axis, replacement, replace), nextAxis);
  }
  return root;
}

/** By which numbers indices divide each loop's counter. */
function divisorsIn({ value, index, reductions }: Root): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  const seen = new Set<Expression>();
  const visitIndex = (place: IndexExpression): void => {
    for (const { atom } of place.terms) {
      if (atom.kind === 'axis' || atom.kind === 'value') continue;
      visitIndex(atom.index);
      for (const term of atom.index.terms) {
        if (term.atom.kind !== 'axis') continue;
        const factor = Math.abs(coefficientOf(atom.index, term.atom.axis) ?? 0);
        if (factor === 0 || atom.divisor % factor !== 0 || atom.divisor === factor) continue;
        const divisors = found.get(term.atom.axis) ?? new Set();
        found.set(term.atom.axis, divisors.add(atom.divisor / factor));
      }
    }
    valuesOf(place).forEach(visit);
  };
  const visit = (expression: Expression): void => {
    if (seen.has(expression)) return;
    seen.add(expression);
    if (expression.kind === 'load' || expression.kind === 'index') visitIndex(expression.index);
    if (expression.kind === 'guard') {
      expression.conditions.forEach((condition) => {
        visitIndex(condition.index);
      });
      visit(expression.value);
    }
    operandsOf(expression).forEach(visit);
  };
  visitIndex(index);
  [value, ...reductions.map((reduction) => reduction.value)].forEach(visit);
  return found;
}
