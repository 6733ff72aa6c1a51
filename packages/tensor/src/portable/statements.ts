import type { TypedArray } from '../dtype.js';
import { accessesIn } from '../lowering/accesses.js';
import type { LoopStatement, ReduceStatement, Statement } from '../lowering/program.js';
import { argsort } from './argsort.js';
import { asContraction, compileContraction } from './contraction.js';
import { identityOf } from '../lowering/identity.js';
import { foldOf, ROUND, type Lanes } from './lanes.js';
import type { Scope, Step } from './scope.js';
import { compileNest, repeat, repeatBlocks } from './scope.js';
import { cheapestAxis, innerCost, vectorCost } from './vector-axis.js';

type StatementOf<Kind extends Statement['kind']> = Extract<Statement, { readonly kind: Kind }>;

/** Adds the steps of statements to a scope. */
export function compileStatements(statements: readonly Statement[], scope: Scope): void {
  for (const statement of statements) {
    switch (statement.kind) {
      case 'loop':
        compileLoop(statement, scope);
        break;
      case 'let':
        scope.define(statement.register, scope.lanesOf(statement.value));
        break;
      case 'reduce':
        compileReduce(statement, scope);
        break;
      case 'scan':
        compileScan(statement, scope);
        break;
      case 'store':
      case 'accumulate':
        compileStore(statement, scope);
        break;
      case 'argsort':
        compileArgsort(statement, scope);
        break;
      case 'check':
        compileCheck(statement, scope);
    }
  }
}

/** The parallel loops with nothing between them that begin with `loop`, and what is inside the last. */
function nestOf(loop: LoopStatement): { loops: LoopStatement[]; body: readonly Statement[] } {
  const loops = [loop];
  let { body } = loop;
  while (loop.parallel && body.length === 1 && body[0].kind === 'loop' && body[0].parallel) {
    loops.push(body[0]);
    body = body[0].body;
  }
  return { loops, body };
}

/** Whether statements can run for several values of a counter at a time. */
function canHaveLanes(statements: readonly Statement[]): boolean {
  return statements.every(
    (statement) => statement.kind !== 'argsort' && (!('body' in statement) || canHaveLanes(statement.body)),
  );
}

/** A loop in which the order matters can have lanes if all it does is to add to one place after the other. */
function onlyAccumulates(statements: readonly Statement[]): boolean {
  const others = statements.filter(({ kind }) => kind !== 'let');
  return others.length === 1 && others[0].kind === 'accumulate';
}

function compileLoop(loop: LoopStatement, scope: Scope): void {
  const { loops, body } = nestOf(loop);
  const lanesAllowed = loop.parallel ? canHaveLanes(body) : onlyAccumulates(body);
  if (scope.vector === undefined && lanesAllowed) {
    const contraction = asContraction(loops, body);
    if (contraction) return compileContraction(contraction, scope, compileStatements);
    const accesses = accessesIn(body);
    const vector = cheapestAxis(accesses, loops);
    if (vectorCost(accesses, vector) <= innerCost(body)) {
      const outer = loops.filter((each) => each !== vector);
      return compileNest(outer, scope, (inner) => {
        const lanes = inner.inside([vector], vector.axis);
        compileStatements(body, lanes);
        inner.add(repeatBlocks(scope.machine, vector, lanes.run));
      });
    }
  }
  compileNest([loop], scope, (inner) => {
    compileStatements(loop.body, inner);
  });
}

/**
 * Where the scope has lanes each of them has a total; otherwise there is one, and the lanes run along one of the
 * axes that are reduced.
 */
function compileReduce(statement: ReduceStatement, scope: Scope): void {
  const { axes, combine, register } = statement;
  const along = scope.vector === undefined && axes.length > 0 ? vectorOf(statement) : undefined;
  const inner = scope.inside(axes, along?.axis);
  compileStatements(statement.body, inner);
  const value = inner.lanesOf(statement.value);
  const total = scope.allocate();
  const place = scope.allocate();
  const arg = combine === 'argMax' || combine === 'argMin';
  if (arg) inner.add(argStep(statement, inner, value, total, place));
  else {
    const fold = foldOf(combine, statement.dtype);
    inner.add((count) => fold(total.values, total.mask, value.values, value.mask, count));
  }

  let loops: Step = inner.run;
  if (along) loops = repeatBlocks(scope.machine, along, loops);
  for (const each of axes.filter((axis) => axis !== along).reverse())
    loops = repeat(scope.machine, each, loops);
  const identity = identityOf(combine, statement.dtype);
  const round = ROUND[statement.dtype];
  scope.add((count) => {
    total.values.fill(identity, 0, count);
    place.values.fill(-1, 0, count);
    loops(count);
    round?.((arg ? place : total).values, count);
  });
  scope.define(register, arg ? place : total);
}

/** The axis of a reduction to have lanes along; the order of axes decides which winner is the first. */
function vectorOf(statement: ReduceStatement): ReduceStatement['axes'][number] {
  const { axes, combine } = statement;
  if (combine === 'argMax' || combine === 'argMin') return axes[axes.length - 1];
  return cheapestAxis(accessesIn([statement]), axes);
}

function argStep(
  { combine, axes }: ReduceStatement,
  inner: Scope,
  value: Lanes,
  best: Lanes,
  place: Lanes,
): Step {
  const sign = combine === 'argMax' ? 1 : -1;
  const { counters } = inner.machine;
  // Lanes differ in their place only if they run along a reduced axis, which is then the last.
  const step = axes.some(({ axis }) => axis === inner.vector) ? 1 : 0;
  return (count) => {
    let here = 0;
    for (const { axis, extent } of axes) here = here * extent + counters[axis];
    for (let i = 0; i < count; i++) {
      const lane = i & best.mask;
      const candidate = value.values[i & value.mask];
      const winner = best.values[lane];
      const wins = winner === winner && !(sign * candidate <= sign * winner);
      if (place.values[lane] < 0 || wins) {
        best.values[lane] = candidate;
        place.values[lane] = here + i * step;
      }
    }
  };
}

function compileScan(statement: StatementOf<'scan'>, scope: Scope): void {
  const inner = scope.inside([statement.axis]);
  const value = inner.lanesOf(statement.value);
  const total = scope.allocate();
  const register = scope.allocate();
  const fold = foldOf('sum', statement.dtype);
  const round = ROUND[statement.dtype];
  inner.add((count) => {
    fold(total.values, total.mask, value.values, value.mask, count);
    for (let i = 0; i < count; i++) register.values[i] = total.values[i];
    round?.(register.values, count);
  });
  inner.define(statement.register, register);
  compileStatements(statement.body, inner);
  const loop = repeat(scope.machine, statement.axis, inner.run);
  scope.add((count) => {
    total.values.fill(0, 0, count);
    loop(count);
  });
}

/** Stores, or adds to what is stored. */
function compileStore(statement: StatementOf<'store' | 'accumulate'>, scope: Scope): void {
  const { views, buffers } = scope.machine;
  const { kind, buffer } = statement;
  const { values, mask } = scope.lanesOf(statement.value);
  const { base, stride, own } = scope.placeOf(statement.index);
  if (kind === 'accumulate' || own) {
    scope.add((count) => {
      const view = views[buffer];
      const start = base();
      for (let i = 0; i < count; i++) {
        const place = own ? own.values[i] : start + i * stride;
        const value = values[i & mask];
        view[place] = kind === 'store' ? value : view[place] + value;
      }
    });
    return;
  }
  const copy = buffers[buffer].dtype === 'float32' ? storeFloat32 : storeOther;
  scope.add((count) => copy(views[buffer], base(), stride, values, mask, count));
}

type Store = (
  view: TypedArray,
  base: number,
  stride: number,
  values: Float64Array,
  mask: number,
  count: number,
) => void;

// The same twice, so that the engine sees one kind of array in the one that matters.
const storeFloat32: Store = (view, base, stride, values, mask, count) => {
  for (let i = 0; i < count; i++) view[base + i * stride] = values[i & mask];
};

const storeOther: Store = (view, base, stride, values, mask, count) => {
  for (let i = 0; i < count; i++) view[base + i * stride] = values[i & mask];
};

function compileArgsort(statement: StatementOf<'argsort'>, scope: Scope): void {
  const { views } = scope.machine;
  const { source, target, length, descending } = statement;
  const from = scope.placeOf(source.index).base;
  const to = scope.placeOf(target.index).base;
  const order = new Int32Array(length);
  scope.add(() => {
    argsort(views[source.buffer], from(), descending, order);
    views[target.buffer].set(order, to());
  });
}

function compileCheck(statement: StatementOf<'check'>, scope: Scope): void {
  const { views, buffers } = scope.machine;
  const flags = buffers.findIndex(({ role }) => role === 'flags');
  const { values, mask } = scope.lanesOf(statement.condition);
  scope.add((count) => {
    for (let i = 0; i < count; i++) if (values[i & mask] === 0) views[flags][statement.flag] = 1;
  });
}
