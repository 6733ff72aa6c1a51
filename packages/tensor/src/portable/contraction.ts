import { isFloating } from '../dtype.js';
import { loadsIn } from '../lowering/accesses.js';
import { coefficientOf, pointsOf } from '../lowering/index-expression.js';
import type { Expression, LoopAxis, LoopStatement, ReduceStatement, Statement } from '../lowering/program.js';
import { BLOCK, ROUND } from './lanes.js';
import type { Scope } from './scope.js';
import { compileNest } from './scope.js';
import { cheapestAxis } from './vector-axis.js';

/** A tile of the result is ROWS x COLUMNS sums that are kept in registers; larger ones run no faster. Powers of 2. */
const ROWS = 2;
const COLUMNS = 4;

/** How much of the rows, the columns and the sum is packed at a time: what fits a level-2 cache. */
const ROW_BLOCK = 64;
const COLUMN_BLOCK = BLOCK;
const DEPTH_BLOCK = 256;

/** A sum of products left · right for each place of two axes, each factor depending on one of them only. */
interface Contraction {
  readonly reduce: ReduceStatement;
  readonly left: Expression;
  readonly right: Expression;
  readonly rows: LoopAxis;
  readonly columns: LoopAxis;
  /** The axes both factors depend on, or the one or the other besides its own. */
  readonly others: readonly LoopAxis[];
  /** What is done for each place besides. */
  readonly rest: readonly Statement[];
}

/** Recognizes a contraction (matmul, convolution) in a nest of parallel loops. */
export function asContraction(
  loops: readonly LoopStatement[],
  body: readonly Statement[],
): Contraction | undefined {
  const reduces = body.filter((statement) => statement.kind === 'reduce');
  if (loops.length < 2 || reduces.length !== 1) return undefined;
  const [reduce] = reduces;
  const { combine, dtype, value } = reduce;
  if (combine !== 'sum' || !isFloating(dtype) || reduce.body.length > 0 || reduce.axes.length === 0)
    return undefined;
  if (value.kind !== 'binary' || value.name !== 'mul') return undefined;
  const before = body.slice(0, body.indexOf(reduce));
  if (before.some((each) => each.kind !== 'let' || value.registers.has(each.register))) return undefined;

  const onlyIn = (one: Expression, other: Expression): LoopStatement | undefined =>
    loops
      .filter(({ axis }) => one.axes.has(axis) && !other.axes.has(axis))
      .sort((a, b) => b.extent - a.extent)
      .at(0);
  const rows = onlyIn(value.left, value.right);
  const columns = onlyIn(value.right, value.left);
  if (!rows || !columns || rows.extent * columns.extent < ROWS * COLUMNS) return undefined;

  const others = loops.filter((each) => each !== rows && each !== columns);
  const rest = body.filter((statement) => statement !== reduce);
  // What follows runs along the columns: better those that are neighbours in what is stored.
  const stores = rest.flatMap((statement) => (statement.kind === 'store' ? [statement.index] : []));
  const alongRows = stores.some((index) => coefficientOf(index, rows.axis) === 1);
  const { left, right } = value;
  return alongRows
    ? { reduce, others, rest, left: right, right: left, rows: columns, columns: rows }
    : { reduce, others, rest, left, right, rows, columns };
}

export function compileContraction(
  contraction: Contraction,
  outer: Scope,
  compileRest: (statements: readonly Statement[], scope: Scope) => void,
): void {
  compileNest(contraction.others, outer, (scope) => {
    const { reduce, rows, columns, rest } = contraction;
    const { counters } = scope.machine;
    const depth = pointsOf(reduce.axes);
    const left = compilePanel(scope, contraction.left, rows, reduce.axes, ROW_BLOCK, ROWS);
    const right = compilePanel(scope, contraction.right, columns, reduce.axes, COLUMN_BLOCK, COLUMNS);
    const sums = new Float64Array(ROW_BLOCK * COLUMN_BLOCK);

    const row = scope.inside([rows]);
    const epilogue = row.inside([columns], columns.axis);
    const total = epilogue.allocate();
    epilogue.define(reduce.register, total);
    compileRest(rest, epilogue);
    const round = ROUND[reduce.dtype];
    scope.add(() => {
      for (let j = 0; j < columns.extent; j += COLUMN_BLOCK) {
        const columnCount = Math.min(COLUMN_BLOCK, columns.extent - j);
        for (let i = 0; i < rows.extent; i += ROW_BLOCK) {
          const rowCount = Math.min(ROW_BLOCK, rows.extent - i);
          sums.fill(0);
          for (let k = 0; k < depth; k += DEPTH_BLOCK) {
            const depthCount = Math.min(DEPTH_BLOCK, depth - k);
            left.pack(i, rowCount, k, depthCount);
            right.pack(j, columnCount, k, depthCount);
            multiplyPanels(left.values, rowCount, right.values, columnCount, depthCount, sums);
          }
          for (let k = 0; k < rowCount; k++) {
            counters[rows.axis] = i + k;
            row.run(1);
            for (let l = 0; l < columnCount; l++) total.values[l] = sums[k * COLUMN_BLOCK + l];
            round?.(total.values, columnCount);
            counters[columns.axis] = j;
            epilogue.run(columnCount);
          }
        }
      }
    });
  });
}

/** Part of a factor, packed: for each strip of `width` places, for each depth, the `width` values side by side. */
interface Panel {
  readonly values: Float64Array;
  pack(start: number, count: number, depthStart: number, depthCount: number): void;
}

function compilePanel(
  scope: Scope,
  factor: Expression,
  places: LoopAxis,
  axes: readonly LoopAxis[],
  block: number,
  width: number,
): Panel {
  const { counters } = scope.machine;
  const innermost = axes[axes.length - 1];
  const vector = cheapestAxis(loadsIn([factor]), [places, innermost]);
  const inner = scope.inside([places, ...axes], vector.axis);
  const lanes = inner.lanesOf(factor);
  const values = new Float64Array(block * DEPTH_BLOCK);

  const alongPlaces = vector === places;
  const pack: Panel['pack'] = (start, count, depthStart, depthCount) => {
    for (let i = 0; i < count; i += alongPlaces ? count : 1) {
      counters[places.axis] = start + i;
      for (let k = 0, step = 1; k < depthCount; k += step) {
        let depth = depthStart + k;
        if (!alongPlaces)
          step = Math.min(depthCount - k, innermost.extent - (depth % innermost.extent), BLOCK);
        for (let each = axes.length - 1; each >= 0; each--) {
          const { axis, extent } = axes[each];
          counters[axis] = depth % extent;
          depth = Math.floor(depth / extent);
        }
        const run = alongPlaces ? count : step;
        inner.run(run);
        for (let l = 0; l < run; l++) {
          const place = alongPlaces ? l : i;
          const lane = place & (width - 1);
          const row = alongPlaces ? k : k + l;
          values[(place - lane) * depthCount + row * width + lane] = lanes.values[l & lanes.mask];
        }
      }
    }
  };
  return { values, pack };
}

/** Adds left · right to the sums. Where counts are no multiple of the tile, what lies behind them is rubbish. */
function multiplyPanels(
  left: Float64Array,
  rowCount: number,
  right: Float64Array,
  columnCount: number,
  depth: number,
  sums: Float64Array,
): void {
  for (let j = 0; j < columnCount; j += COLUMNS) {
    for (let i = 0; i < rowCount; i += ROWS) {
      multiplyTile(left, i * depth, right, j * depth, depth, sums, i * COLUMN_BLOCK + j);
    }
  }
}

function multiplyTile(
  left: Float64Array,
  a: number,
  right: Float64Array,
  b: number,
  depth: number,
  sums: Float64Array,
  place: number,
): void {
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (const end = a + depth * ROWS; a < end; a += ROWS, b += COLUMNS) {
    const a0 = left[a];
    const a1 = left[a + 1];
    const b0 = right[b];
    const b1 = right[b + 1];
    const b2 = right[b + 2];
    const b3 = right[b + 3];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
  }
  sums[place] += s00;
  sums[place + 1] += s01;
  sums[place + 2] += s02;
  sums[place + 3] += s03;
  place += COLUMN_BLOCK;
  sums[place] += s10;
  sums[place + 1] += s11;
  sums[place + 2] += s12;
  sums[place + 3] += s13;
}
