import type {
  Expression,
  IndexExpression,
  LetStatement,
  LoopAxis,
  LoopStatement,
  Statement,
} from '@downhill/tensor';
import { coefficientOf } from '@downhill/tensor';
import type { CodeContext } from './code-context.js';
import { emitCounted, emitStatements, loopVectorizes } from './statements.js';
import { LANES } from './vector.js';

type Load = Extract<Expression, { kind: 'load' }>;

/**
 * A nest of loops that sums products: for each point of the rows' and the columns' loops, Σ over `inner` of left · right.
 * The left factor does not depend on the column, the right one not on the row.
 */
export interface Contraction {
  readonly outer: readonly LoopAxis[];
  readonly row: LoopAxis;
  readonly column: LoopAxis;
  readonly inner: LoopAxis;
  readonly left: Load;
  readonly right: Load;
  readonly register: number;
  /** What is done with each sum. */
  readonly epilogue: readonly Statement[];
}

/**
 * Rows of a tile. Four rows by two vectors keep sums, factors and lines in the 16 registers of x86 however the engine
 * orders its loads; measured on Node 20, 22 and 24 (AMD Zen 5, 2026-11): 5 and 6 rows spill on 20 and 22, at half the speed.
 */
const HEIGHT = 4;

/** Vectors in the width of a tile. */
const VECTORS = 2;
const WIDTH = VECTORS * LANES;

/** Recognizes a contraction that is worth tiles. */
export function matchContraction(loop: LoopStatement): Contraction | undefined {
  const loops: LoopAxis[] = [];
  const lets: LetStatement[] = [];
  let body: readonly Statement[] = [loop];
  for (;;) {
    const last: Statement | undefined = body.at(-1);
    const before = body.slice(0, -1);
    if (last?.kind !== 'loop' || !last.parallel || !before.every((each) => each.kind === 'let')) break;
    lets.push(...before);
    loops.push(last);
    body = last.body;
  }
  const reductions = body.filter((statement) => statement.kind === 'reduce');
  const rest = body.filter((statement) => statement.kind !== 'reduce');
  if (reductions.length !== 1 || !rest.every(({ kind }) => kind === 'let' || kind === 'store'))
    return undefined;
  const [{ register, dtype, combine, axes, body: shared, value }] = reductions;
  if (combine !== 'sum' || dtype !== 'float32' || axes.length !== 1 || shared.length > 0) return undefined;
  if (value.kind !== 'binary' || value.name !== 'mul') return undefined;
  const { left, right } = value;
  if (left.kind !== 'load' || right.kind !== 'load') return undefined;
  const stores = rest.flatMap((statement) => (statement.kind === 'store' ? [statement.index] : []));
  const found = chooseTile(loops, left, right, stores);
  if (found === undefined) return undefined;
  const [inner] = axes;
  const { row } = found;
  const ahead = [coefficientOf(found.left.index, row.axis), coefficientOf(found.left.index, inner.axis)];
  if (!ahead.every((step) => step !== undefined && step >= 0)) return undefined;
  if ([...loops, inner].some(({ axis }) => coefficientOf(found.right.index, axis) === undefined))
    return undefined;
  if (loops.some(({ axis }) => coefficientOf(found.left.index, axis) === undefined)) return undefined;
  const outer = loops.filter(({ axis }) => axis !== row.axis && axis !== found.column.axis);
  return { ...found, outer, inner, register, epilogue: [...lets, ...rest] };
}

function chooseTile(
  loops: readonly LoopAxis[],
  left: Load,
  right: Load,
  stores: readonly IndexExpression[],
): Pick<Contraction, 'row' | 'column' | 'left' | 'right'> | undefined {
  const only = (a: Load, b: Load): LoopAxis | undefined =>
    loops.filter(({ axis }) => a.axes.has(axis) && !b.axes.has(axis)).at(-1);
  const leftOnly = only(left, right);
  const rightOnly = only(right, left);
  if (leftOnly === undefined || rightOnly === undefined) return undefined;
  // Columns are what lies side by side in the result.
  const sideBySide = ({ axis }: LoopAxis): boolean =>
    stores.every((index) => coefficientOf(index, axis) === 1);
  const straight = { row: leftOnly, column: rightOnly, left, right };
  const turned = { row: rightOnly, column: leftOnly, left: right, right: left };
  const choice = sideBySide(leftOnly) && !sideBySide(rightOnly) ? turned : straight;
  return choice.column.extent < LANES ? undefined : choice;
}

/** Emits the loops around tiles of rows by two vectors of columns; columns are packed where they do not lie side by side. */
export function emitContraction(c: CodeContext, contraction: Contraction): void {
  emitOuter(c, contraction, 0);
}

function emitOuter(c: CodeContext, contraction: Contraction, depth: number): void {
  if (depth < contraction.outer.length) {
    const { axis, extent } = contraction.outer[depth];
    emitCounted(c, axis, extent, () => {
      emitOuter(c, contraction, depth + 1);
    });
    return;
  }
  const { f } = c;
  const { column } = contraction;
  const start = c.local('i32');
  f.i32Const(0).set(start);
  const whole = column.extent - (column.extent % WIDTH);
  if (whole > 0) {
    f.whileLoop(
      () => f.get(start).i32Const(whole).op('i32.lt_u'),
      () => {
        emitPanel(c, contraction, start, WIDTH);
        f.get(start).i32Const(WIDTH).op('i32.add').set(start);
      },
    );
  }
  if (whole < column.extent) emitPanel(c, contraction, start, column.extent - whole);
  f.release(start);
}

/** The rows of the panel of columns that begins at `start`. */
function emitPanel(c: CodeContext, contraction: Contraction, start: number, columns: number): void {
  const { f } = c;
  const { row, column, inner, right } = contraction;
  const zero = c.local('i32');
  f.i32Const(0).set(zero);
  c.counters.set(column.axis, start);
  c.counters.set(inner.axis, zero);
  const packed = columns < WIDTH || coefficientOf(right.index, column.axis) !== 1;
  if (packed) emitPacking(c, contraction, columns);
  const base = c.local('i32');
  if (packed) {
    f.get(c.scratch).set(base);
  } else {
    const offset = c.address(right.buffer, right.index);
    f.i32Const(offset).op('i32.add').set(base);
  }
  const step = packed ? WIDTH * 4 : (coefficientOf(right.index, inner.axis) ?? 0) * 4;
  const height = Math.min(row.extent, HEIGHT);
  const top = c.local('i32');
  f.i32Const(0).set(top);
  const rest = row.extent % height;
  f.whileLoop(
    () =>
      f
        .get(top)
        .i32Const(row.extent - rest)
        .op('i32.lt_u'),
    () => {
      emitTile(c, contraction, { start, columns, top, rows: height, base, step });
      f.get(top).i32Const(height).op('i32.add').set(top);
    },
  );
  if (rest > 0) emitTile(c, contraction, { start, columns, top, rows: rest, base, step });
  f.release(zero, base, top);
  c.counters.delete(column.axis);
  c.counters.delete(inner.axis);
}

/** Copies the panel's columns side by side into the scratch memory, with zeros where there are none. */
function emitPacking(c: CodeContext, { inner, column, right }: Contraction, columns: number): void {
  const { f } = c;
  const [source, target, end, vector] = [c.local('i32'), c.local('i32'), c.local('i32'), c.local('v128')];
  const across = (coefficientOf(right.index, column.axis) ?? 0) * 4;
  const along = (coefficientOf(right.index, inner.axis) ?? 0) * 4;
  const bytes = inner.extent * WIDTH * 4;
  c.scratchBytes = Math.max(c.scratchBytes, bytes);
  const offset = c.address(right.buffer, right.index);
  f.i32Const(offset).op('i32.add').set(source);
  f.get(c.scratch).tee(target).i32Const(bytes).op('i32.add').set(end);
  f.whileLoop(
    () => f.get(target).get(end).op('i32.lt_u'),
    () => {
      for (let first = 0; first < WIDTH; first += LANES) {
        const used = Math.max(0, Math.min(LANES, columns - first));
        if (used === LANES && across === 4) {
          f.get(source)
            .memory('v128.load', first * 4, 2)
            .set(vector);
        } else {
          f.i32x4Const(0).set(vector);
          for (let lane = 0; lane < used; lane++) {
            f.get(source);
            // A step backwards cannot be an immediate.
            if (across < 0) f.i32Const((first + lane) * across).op('i32.add');
            f.get(vector)
              .memoryLane('v128.load32_lane', across < 0 ? 0 : (first + lane) * across, lane)
              .set(vector);
          }
        }
        f.get(target)
          .get(vector)
          .memory('v128.store', first * 4, 4);
      }
      f.get(source).i32Const(along).op('i32.add').set(source);
      f.get(target)
        .i32Const(WIDTH * 4)
        .op('i32.add')
        .set(target);
    },
  );
  f.release(source, target, end, vector);
}

interface Tile {
  /** Local: the first column. */
  readonly start: number;
  readonly columns: number;
  /** Local: the first row. */
  readonly top: number;
  readonly rows: number;
  /** Local: the address of the columns; they advance by `step` bytes. */
  readonly base: number;
  readonly step: number;
}

function emitTile(
  c: CodeContext,
  contraction: Contraction,
  { start, columns, top, rows, base, step }: Tile,
): void {
  const { f } = c;
  const { row, column, inner, left } = contraction;
  const vectors = Math.ceil(columns / LANES);
  const sums = Array.from({ length: rows * vectors }, () => c.local('v128'));
  const lines = Array.from({ length: vectors }, () => c.local('v128'));
  const factor = c.local('v128');
  const [a, b, end] = [c.local('i32'), c.local('i32'), c.local('i32')];
  c.counters.set(row.axis, top);
  const offset = c.address(left.buffer, left.index);
  f.set(a).get(base).set(b);
  const down = (coefficientOf(left.index, row.axis) ?? 0) * 4;
  const along = (coefficientOf(left.index, inner.axis) ?? 0) * 4;
  for (const sum of sums) f.f32x4Const(0).set(sum);
  f.i32Const(inner.extent).set(end);
  f.whileLoop(
    () => f.get(end),
    () => {
      lines.forEach((line, v) =>
        f
          .get(b)
          .memory('v128.load', v * 16, 2)
          .set(line),
      );
      for (let r = 0; r < rows; r++) {
        f.get(a)
          .memory('v128.load32_splat', offset + r * down)
          .set(factor);
        lines.forEach((line, v) => {
          const sum = sums[r * vectors + v];
          if (c.relaxed) f.get(factor).get(line).get(sum).op('f32x4.relaxed_madd').set(sum);
          else f.get(sum).get(factor).get(line).op('f32x4.mul').op('f32x4.add').set(sum);
        });
      }
      f.get(a).i32Const(along).op('i32.add').set(a);
      f.get(b).i32Const(step).op('i32.add').set(b);
      f.get(end).i32Const(1).op('i32.sub').set(end);
    },
  );
  f.release(...lines, factor, a, b, end);
  // Every sum goes through the epilogue: four at once where it allows that, else one by one.
  const [rowCounter, columnCounter] = [c.local('i32'), c.local('i32')];
  c.counters.set(row.axis, rowCounter);
  c.counters.set(column.axis, columnCounter);
  const { register, epilogue } = contraction;
  for (let r = 0; r < rows; r++) {
    f.get(top).i32Const(r).op('i32.add').set(rowCounter);
    for (let v = 0; v < vectors; v++) {
      const sum = sums[r * vectors + v];
      const used = Math.min(LANES, columns - v * LANES);
      const at = (lane: number): void => {
        f.get(start)
          .i32Const(v * LANES + lane)
          .op('i32.add')
          .set(columnCounter);
      };
      if (used === LANES && epilogueVectorizes(c, contraction)) {
        at(0);
        c.vectorAxis = column.axis;
        c.registers.set(register, { local: sum, vector: true });
        emitStatements(c, epilogue);
        c.vectorAxis = undefined;
        continue;
      }
      const one = c.local('f32');
      c.registers.set(register, { local: one, vector: false });
      for (let lane = 0; lane < used; lane++) {
        at(lane);
        f.get(sum).lane('f32x4.extract_lane', lane).set(one);
        emitStatements(c, epilogue);
      }
      f.release(one);
    }
  }
  f.release(rowCounter, columnCounter, ...sums);
  c.counters.set(column.axis, start);
  c.counters.delete(row.axis);
}

function epilogueVectorizes(c: CodeContext, { epilogue, column }: Contraction): boolean {
  return loopVectorizes(c, epilogue, column.axis);
}
