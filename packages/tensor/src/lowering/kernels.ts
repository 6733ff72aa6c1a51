import { walk } from './accesses.js';
import { mapParts, nextName, operandsOf, registerOf, rewrite } from './expression.js';
import { expressionsOf, loadsOf, readsSamePoint } from './grouping.js';
import type { IndexExpression, Replacements } from './index-expression.js';
import { addIndices, axisIndex, coefficientOf, mapIndex, scaleIndex } from './index-expression.js';
import type { Expression, Kernel, LetStatement, LoopAxis, Statement } from './program.js';
import type { Root } from './roots.js';

/** Roots that share a kernel: they run over `prefix` common loops, then each over what axes it has left. */
export interface Group {
  readonly roots: readonly Root[];
  readonly prefix: number;
}

/** A root with every index and value in it rewritten, as {@link rewrite} does. */
function mapRoot(root: Root, axes: Replacements, replace?: (part: Expression) => Expression): Root {
  const memo = new Map<Expression, Expression>();
  const onValue = (value: Expression): Expression => rewrite(value, axes, memo, replace);
  return {
    ...root,
    value: onValue(root.value),
    index: mapIndex(root.index, axes, onValue),
    reductions: root.reductions.map((reduction) => ({ ...reduction, value: onValue(reduction.value) })),
  };
}

/** A root in which loop counters are computed from others, and lists of loops are changed by `replace`. */
export function mapRootAxes(
  root: Root,
  counters: Replacements,
  replace: (axes: readonly LoopAxis[]) => LoopAxis[],
): Root {
  const mapped = mapRoot(root, counters);
  return {
    ...mapped,
    axes: replace(mapped.axes),
    reductions: mapped.reductions.map((reduction) => ({ ...reduction, axes: replace(reduction.axes) })),
  };
}

/**
 * Makes one of roots that were put together: their first axes get one name each, and what one root stores at a point
 * another takes from its register.
 */
export function unite({ roots, prefix }: Group): Group {
  const done = [roots[0]];
  const shared = roots[0].axes.slice(0, prefix);
  for (const root of roots.slice(1)) {
    const own = { ...root, axes: [...shared, ...root.axes.slice(prefix)] };
    const names = new Map(shared.map(({ axis, extent }, i) => [root.axes[i].axis, axisIndex(axis, extent)]));
    const replace = (part: Expression): Expression => {
      if (part.kind !== 'load') return part;
      const writer = done.find(({ buffers }) => buffers.includes(part.buffer));
      const same = writer?.axes.length === prefix && readsSamePoint(part, own, writer);
      return same ? writer.value : part;
    };
    done.push(mapRoot(own, names, replace));
  }
  return { roots: done, prefix };
}

/** Makes one loop of two neighbouring ones wherever every index in the roots runs through both in one stride. */
function coalesce(roots: readonly Root[], prefix: number): Group {
  const merge = (
    all: readonly Root[],
    axesOf: (root: Root) => readonly LoopAxis[],
    from: number,
    to = axesOf(all[0]).length,
  ): readonly Root[] => {
    let merged = all;
    for (let i = to - 2; i >= from; i--) {
      const axes = axesOf(merged[0]);
      merged = mergeAxes(merged, axes[i], axes[i + 1]);
    }
    return merged;
  };
  const loops = ({ axes }: Root): readonly LoopAxis[] => axes;
  const common = merge(roots, loops, 0, prefix);
  const shared = prefix - loops(roots[0]).length + loops(common[0]).length;
  return {
    prefix: shared,
    roots: common.map((root) =>
      root.reductions.reduce(
        (own, _, which) => merge([own], ({ reductions }) => reductions[which].axes, 0)[0],
        merge([root], loops, shared)[0],
      ),
    ),
  };
}

/**
 * Replaces the counters outer and inner by one that runs over both, where every index runs through both in one stride.
 * The inner counter is written as joint - extent * outer; outer then cancels out.
 */
function mergeAxes(roots: readonly Root[], outer: LoopAxis, inner: LoopAxis): readonly Root[] {
  const joint = { axis: nextName(), extent: outer.extent * inner.extent };
  const runsThrough = ({ index }: Pick<Root, 'index'>): boolean =>
    index.terms.some(({ atom }) => atom.kind !== 'axis') ||
    coefficientOf(index, outer.axis) === inner.extent * (coefficientOf(index, inner.axis) ?? 0);
  // Mostly seen at once, before anything is rewritten.
  if (!roots.every((root) => [root, ...loadsOf(root)].every(runsThrough))) return roots;
  const replacement = addIndices(
    axisIndex(joint.axis, joint.extent),
    scaleIndex(axisIndex(outer.axis, outer.extent), -inner.extent),
  );
  const replace = (axes: readonly LoopAxis[]): LoopAxis[] =>
    axes.flatMap((axis) => (axis.axis === outer.axis ? [joint] : axis.axis === inner.axis ? [] : [axis]));
  const mapped = roots.map((root) => mapRootAxes(root, new Map([[inner.axis, replacement]]), replace));
  let whole = true;
  // What registers are said to depend on does not matter, only what indices use.
  walk(
    mapped.flatMap(expressionsOf),
    () => undefined,
    ({ terms }) => {
      if (terms.some(({ atom }) => atom.kind === 'axis' && atom.axis === outer.axis)) whole = false;
    },
  );
  return whole ? mapped : roots;
}

/** Builds the statements of one kernel, of roots that are united. Each expression that is needed often, or in an outer loop already, is a let. */
export function buildKernel(group: Group): Kernel {
  // `matmul`-like names are not kept by the graph; a kernel is called by the operations in it.
  const label = [...new Set(group.roots.flatMap((root) => root.names))].join(' ');
  const nodes = [...new Set(group.roots.flatMap((root) => root.nodes))];
  const [leader] = group.roots;
  if (leader.statements) {
    return { label, nodes, body: nest(leader.axes, [...leader.axes.map(() => []), leader.statements]) };
  }
  const { roots, prefix } = coalesce(group.roots, group.prefix);
  return { label, nodes, body: new KernelBuilder(roots, prefix).build() };
}

/** Wraps the innermost statements into loops; bodies[l] holds what stands in l loops, before the loop inside it. */
function nest(axes: readonly LoopAxis[], bodies: readonly (readonly Statement[])[]): readonly Statement[] {
  return axes.reduceRight(
    (body: readonly Statement[], axis, i) => [...bodies[i], { kind: 'loop', ...axis, parallel: true, body }],
    bodies[axes.length],
  );
}

class KernelBuilder {
  readonly #roots: readonly Root[];
  readonly #prefix: number;
  readonly #uses = new Map<Expression, number>();
  /** The depth at which a register (of a reduction) becomes known. */
  readonly #registerDepth = new Map<number, number>();

  constructor(roots: readonly Root[], prefix: number) {
    this.#roots = roots;
    this.#prefix = prefix;
    for (const { reductions, value } of roots) {
      for (const reduction of reductions) this.#count(reduction.value);
      this.#count(value);
    }
  }

  #count(expression: Expression): void {
    const before = this.#uses.get(expression) ?? 0;
    this.#uses.set(expression, before + 1);
    if (before === 0) operandsOf(expression).forEach((part) => this.#count(part));
  }

  build(): readonly Statement[] {
    const shared = this.#roots[0].axes.slice(0, this.#prefix);
    const bodies: Statement[][] = Array.from({ length: this.#prefix + 1 }, () => []);
    const common: Scope = {
      axes: shared,
      bodies,
      known: bodies.map(() => new Map<Expression, Expression>()),
    };
    // Stores at the shared point come after all that is computed there: they may overwrite what is read.
    const stores: Statement[] = [];
    const full = this.#roots.filter(({ axes }) => axes.length === this.#prefix);
    const inPlace = full.length > 1 || full.some(({ buffers }) => buffers.length > 1);
    for (const root of this.#roots) {
      const inner = root.axes.slice(this.#prefix);
      const innerBodies: Statement[][] = inner.map(() => []);
      const scope = inside(common, inner, innerBodies);
      const value = this.#compute(root, scope);
      if (inner.length === 0) {
        const isKept = inPlace && value.kind !== 'register' && value.kind !== 'constant';
        stores.push(...this.#storesOf(root, isKept ? this.#keep(value, scope, this.#prefix) : value, scope));
        continue;
      }
      innerBodies[inner.length - 1].push(...this.#storesOf(root, value, scope));
      // What the first inner loop needs stands in the shared body already.
      bodies[this.#prefix].push(...nest(inner, [[], ...innerBodies]));
    }
    bodies[this.#prefix].push(...stores);
    return nest(shared, bodies);
  }

  /** Computes a value at a depth, once, into a register. */
  #keep(value: Expression, { bodies }: Scope, depth: number, { dtype, axes } = value): Expression {
    const register = nextName();
    bodies[depth].push({ kind: 'let', register, value });
    this.#registerDepth.set(register, depth);
    return registerOf(register, dtype, axes);
  }

  #storesOf(root: Root, value: Expression, scope: Scope): Statement[] {
    const index = this.#placeIndex(root.index, scope, scope.axes.length);
    return root.buffers.map((buffer) => ({ kind: 'store', buffer, index, value }));
  }

  /** Emits a root's reductions and returns its value. */
  #compute(root: Root, scope: Scope): Expression {
    const depth = scope.axes.length;
    for (const { register, dtype, combine, axes, value } of root.reductions) {
      const body: LetStatement[] = [];
      const inner = inside(
        scope,
        axes,
        axes.map(() => body),
      );
      const element = this.#place(value, inner, depth + axes.length);
      scope.bodies[depth].push({ kind: 'reduce', register, dtype, combine, axes, body, value: element });
      this.#registerDepth.set(register, depth);
    }
    return this.#place(root.value, scope, depth);
  }

  /** How many loops must be open before an expression can be computed. */
  #depthOf(expression: Expression, { axes }: Scope): number {
    return Math.max(
      1 + axes.findLastIndex(({ axis }) => expression.axes.has(axis)),
      ...[...expression.registers].map((register) => this.#registerDepth.get(register) ?? 0),
    );
  }

  #placeIndex(index: IndexExpression, scope: Scope, depth: number): IndexExpression {
    return mapIndex(index, new Map(), (value) => this.#place(value, scope, depth));
  }

  /** The expression as it stands at a depth: with registers in place of what is computed before. */
  #place(expression: Expression, scope: Scope, depth: number): Expression {
    const known = scope.known.find((each) => each.has(expression))?.get(expression);
    if (known) return known;
    const { kind } = expression;
    if (kind === 'constant' || kind === 'register') return expression;
    const at = this.#depthOf(expression, scope);
    const often = (this.#uses.get(expression) ?? 0) > 1;
    const kept = kind !== 'index' && (often || at < depth);
    const rebuilt = this.#rebuild(expression, scope, kept ? at : depth);
    if (!kept) return rebuilt;
    const result = this.#keep(rebuilt, scope, at, expression);
    scope.known[at].set(expression, result);
    return result;
  }

  #rebuild(expression: Expression, scope: Scope, depth: number): Expression {
    // A guard is computed as a whole: what is inside must not be computed outside.
    if (expression.kind === 'guard') return expression;
    return mapParts(
      expression,
      (part) => this.#place(part, scope, depth),
      (index) => this.#placeIndex(index, scope, depth),
    );
  }
}

/** The loops that are open, and for each depth the statements that stand there and what is known from there on. */
interface Scope {
  readonly axes: readonly LoopAxis[];
  readonly bodies: readonly Statement[][];
  readonly known: readonly Map<Expression, Expression>[];
}

/** A scope with more loops open, of which each has a body of its own. */
function inside(
  { axes, bodies, known }: Scope,
  inner: readonly LoopAxis[],
  innerBodies: readonly Statement[][],
): Scope {
  return {
    axes: [...axes, ...inner],
    bodies: [...bodies, ...innerBodies],
    known: [...known, ...inner.map(() => new Map<Expression, Expression>())],
  };
}
