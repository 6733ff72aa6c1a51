import type { LoopAxis } from '@downhill/tensor';
import { coefficientOf, pointsOf } from '@downhill/tensor';
import { LANES } from '../vector.js';
import type { Borders, Skip } from './borders.js';
import { skipsOf } from './borders.js';
import type { Contraction, Load } from './contraction.js';
import { storesOf, strideOf } from './contraction.js';
import type { TileForms } from './tile-forms.js';

/** So many tiles of equal size, one after another along an axis. */
export interface Run {
  readonly count: number;
  /** How much of the axis each covers. */
  readonly size: number;
}

/**
 * How a contraction is computed: by tiles of rows by vectors of columns, whose sums stay in registers while a block of
 * products is added up. The left factor does not depend on the column, the right one not on the row.
 */
export interface Plan {
  readonly left: Load;
  readonly right: Load;
  readonly row: LoopAxis;
  readonly column: LoopAxis;
  /** Loops that the right factor depends on, or neither: around everything. */
  readonly outer: readonly LoopAxis[];
  /** Loops that only the left factor depends on: run over a block of the right one while it is near. */
  readonly inner: readonly LoopAxis[];
  /** Loops over blocks of what is summed. */
  readonly blocks: readonly LoopAxis[];
  /** The axis that is cut into blocks of `size`, where one is. */
  readonly cut: { readonly axis: LoopAxis; readonly size: number } | undefined;
  /** Loops inside a block. */
  readonly summed: readonly LoopAxis[];
  /** The part of the first of them to run, where the rest would only add up zeros. */
  readonly skip: Skip | undefined;
  /** Tiles along the rows. */
  readonly rows: readonly Run[];
  /** Tiles along the columns, in columns. */
  readonly columns: readonly Run[];
  /** Whether columns are copied side by side first. */
  readonly packsRight: boolean;
  /** Whether rows are copied side by side first. */
  readonly packsLeft: boolean;
  /** Whether rows are for all loops around at once: all of them or, where they are divided, those of a piece. */
  readonly keepsLeft: boolean;
  /** Vectors across a tile of full width. */
  readonly vectors: number;
  /** The most products that tiles write out in a row. */
  readonly writtenOut: number;
}

/**
 * Rows of a tile by vectors across it, at the most: what leaves all sums, factors and lines in the 15 vector registers that
 * engines use. Measured on Node 20, 22 and 24 (AMD Zen 3 and Zen 5, 2026-11): one row more, and speed halves.
 */
const HEIGHTS: Readonly<Record<number, number>> = { 1: 8, 2: 6, 3: 3 };

/**
 * How many products are added up before sums return to memory: two panels of so many lie in a level-1 cache. Where all columns
 * of a block take more than KEPT bytes, which go by for each tile of rows, it is down to a quarter.
 */
const BLOCK = 512;

/** What is packed is kept where it takes no more bytes than that. */
export const KEPT = 2 ** 20;

/** Bytes of a cache line: neighbouring products as far apart lie in different ones and, in large matrices, in few sets. */
const LINE = 64;

/** Products with zeros are skipped where no more than this part is left. */
const WORTH_SKIPPING = 0.95;

/** Packing pays where what is packed is read at least so often. */
const REUSE = 4;

export interface PlanOptions {
  /** How tiles are written. */
  readonly tileForms: TileForms;
  /** The zeros around what buffers hold. */
  readonly borders: Borders;
}

/**
 * The cheapest way to compute a contraction, or undefined where tiles would be mostly empty. In which order sums add up does
 * not depend on the form of tiles an engine is fastest with.
 */
export function planContraction(
  contraction: Contraction,
  { tileForms, borders }: PlanOptions,
): Plan | undefined {
  const { loops, reduced, left, right } = contraction;
  const only = (a: Load, b: Load): LoopAxis[] =>
    loops.filter((loop) => strideOf(a, loop) !== 0 && strideOf(b, loop) === 0);
  const skips = [left, right]
    .flatMap((load) => skipsOf(load, { reduced, loops, borders }))
    .filter(({ part }) => part < WORTH_SKIPPING);
  // The innermost loop is the one along which both factors lie closest together.
  const inOrder = {
    ...contraction,
    reduced: [...reduced].sort((a, b) => reach(left, right, b) - reach(left, right, a)),
  };
  const sides = [
    [left, right],
    [right, left],
  ] as const;
  const plans = sides.flatMap((side) =>
    only(...side).flatMap((row) =>
      only(side[1], side[0]).flatMap((column) => makePlans(inOrder, side, [row, column], skips)),
    ),
  );
  const best = cheapest(contraction, plans);
  if (best === undefined) return undefined;
  const order = orderOf(best);
  const fitted = plans
    .filter((each) => orderOf(each) === order)
    .map((plan) => {
      const { height, writtenOut } = isOneLoop(plan) ? tileForms.one : tileForms.several;
      // Three vectors across: no more sums than with two.
      const heights: typeof HEIGHTS = { ...HEIGHTS, 2: height, 3: (height + 1) >> 1 };
      return { ...plan, ...tilingOf(plan.row, plan.column, plan.vectors, heights[plan.vectors]), writtenOut };
    });
  return cheapest(contraction, fitted);
}

/** In which order products are added up, and which. */
function orderOf({ blocks, cut, summed, skip }: Unfitted): string {
  return JSON.stringify([blocks, cut, summed, skip]);
}

/** Whether tiles run through what is summed by one loop: in both factors each product lies as far from the one before. */
function isOneLoop({
  left,
  right,
  summed,
  packsLeft,
  packsRight,
}: Pick<Plan, 'left' | 'right' | 'summed' | 'packsLeft' | 'packsRight'>): boolean {
  const joins = (load: Load): boolean =>
    summed.slice(1).every((axis, i) => strideOf(load, summed[i]) === axis.extent * strideOf(load, axis));
  return (packsLeft || joins(left)) && (packsRight || joins(right));
}

/** A plan for tiles of any form. */
type Unfitted = Omit<Plan, 'writtenOut'> & Tiling;

/** How rows and columns are covered by tiles. */
interface Tiling extends Pick<Plan, 'rows' | 'columns' | 'vectors'> {
  /** What a product takes of all of them, in multiply-adds of vectors. */
  readonly work: number;
}

/** How many vectors tiles may have across: no more than the column has. */
function widthsOf(column: LoopAxis): number[] {
  return [2, 3, 1].filter((vectors) => vectors <= Math.max(1, Math.ceil(column.extent / LANES)));
}

/** Tiles of so many vectors across and of at most so many rows. */
function tilingOf(row: LoopAxis, column: LoopAxis, vectors: number, height: number): Tiling {
  const width = vectors * LANES;
  const rows = spread(row.extent, height);
  const whole = Math.floor(column.extent / width);
  const columns = [
    { count: whole, size: width },
    { count: 1, size: column.extent % width },
  ].filter(({ count, size }) => count * size > 0);
  const workOf = (v: number): number =>
    rows.reduce((sum, { count, size }) => sum + count * Math.max(size * v, size + v + 1, 8), 0);
  const work = columns.reduce((sum, { count, size }) => sum + count * workOf(Math.ceil(size / LANES)), 0);
  return { vectors, rows, columns, work };
}

/** Plans with these rows and columns, by tiles of each width. */
function makePlans(
  { loops, reduced }: Contraction,
  [left, right]: readonly [Load, Load],
  [row, column]: readonly [LoopAxis, LoopAxis],
  skips: readonly Skip[],
): Unfitted[] {
  const others = loops.filter((loop) => loop !== row && loop !== column);
  const inner = others.filter((loop) => strideOf(left, loop) !== 0 && strideOf(right, loop) === 0);
  const outer = others.filter((loop) => !inner.includes(loop));
  const step = reduced[reduced.length - 1];
  const together = strideOf(right, column) === 4;
  const [isLeftFar, isRightFar] = [left, right].map((load) => Math.abs(strideOf(load, step)) >= LINE);
  const skipped = skips.find(({ by }) => others.includes(by));
  return widthsOf(column).map((vectors) => {
    const tiling = tilingOf(row, column, vectors, HEIGHTS[vectors]);
    const tiles = tilesOf(tiling.rows) * pointsOf(inner);
    const packsRight = !together || (isRightFar && tiles >= REUSE);
    const packsLeft = isLeftFar && tilesOf(tiling.columns) >= REUSE;
    const cuts = packsRight || packsLeft || inner.length > 0;
    const most = cuts ? Math.max(BLOCK / 4, Math.min(BLOCK, KEPT / (4 * column.extent))) : Infinity;
    const skip = pointsOf(reduced) > most ? undefined : skipped;
    const { blocks, cut, summed } = cutBlocks(
      skip === undefined ? reduced : [skip.axis, ...reduced.filter((axis) => axis !== skip.axis)],
      most,
    );
    // Rows are the same for all loops around, and there is room for all of them.
    const isSame = others.every((loop) => strideOf(left, loop) === 0);
    const keepsLeft = packsLeft && isSame && blocks.length === 0 && 4 * pointsOf(summed) * row.extent <= KEPT;
    return {
      ...{ left, right, row, column, outer, inner, blocks, cut, summed, skip },
      ...{ packsRight, packsLeft, keepsLeft, ...tiling },
    };
  });
}

/** The plan that takes least, roughly, of plans for one contraction. */
function cheapest<Each extends Unfitted>(
  { reduced, epilogue }: Contraction,
  plans: readonly Each[],
): Each | undefined {
  const costs = plans.map(
    ({ left, right, row, column, outer, inner, summed, skip, packsRight, ...tiling }) => {
      const sums = pointsOf(reduced) * (skip?.part ?? 1);
      const scattered = storesOf({ epilogue }).some(({ index }) => coefficientOf(index, column.axis) !== 1);
      // Where rows lie further apart than what the loops around move by, each tile touches new lines of the cache: that is
      // little where whole ones are read.
      const isApart = inner.some((loop) => Math.abs(strideOf(left, loop)) < Math.abs(strideOf(left, row)));
      const step = summed[summed.length - 1];
      const fillsLines = Math.abs(strideOf(left, step)) === 4 && 4 * step.extent >= LINE;
      const touching = !isApart ? 1 : fillsLines ? 1.03 : 1.25;
      const together = strideOf(right, column) === 4;
      const packing = !packsRight
        ? 0
        : (together ? 0.5 : strideOf(right, step) === 4 ? 1 : 2) *
          (tilesOf(tiling.columns) * tiling.vectors * LANES);
      return (
        pointsOf(outer) *
        (sums * (tiling.work * pointsOf(inner) * touching + packing) +
          pointsOf(inner) * row.extent * column.extent * (scattered ? 4 : 1))
      );
    },
  );
  return plans[costs.indexOf(Math.min(...costs))];
}

/** How many tiles there are in some runs. */
export function tilesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

function reach(left: Load, right: Load, axis: LoopAxis): number {
  return Math.abs(strideOf(left, axis)) + Math.abs(strideOf(right, axis));
}

/**
 * Tiles of at most `most`, as equal as they can be, so that none is nearly empty. The small ones come first: the first threads
 * have a tile more where their number does not divide that of tiles.
 */
function spread(extent: number, most: number): Run[] {
  const count = Math.ceil(extent / most);
  const size = Math.ceil(extent / count);
  const short = count * size - extent;
  return [
    { count: short, size: size - 1 },
    { count: count - short, size },
  ].filter((run) => run.count > 0);
}

/** Splits what is summed into loops over blocks and loops inside one. */
function cutBlocks(order: readonly LoopAxis[], most: number): Pick<Plan, 'blocks' | 'cut' | 'summed'> {
  let summed = 1;
  let from = order.length;
  while (from > 0 && summed * order[from - 1].extent <= most) summed *= order[--from].extent;
  const blocks = order.slice(0, from);
  const inside = order.slice(from);
  const last = blocks.at(-1);
  if (last === undefined || summed * 2 > most) return { blocks, cut: undefined, summed: inside };
  // What is left of the axis is cut into equal blocks, but for the last.
  const pieces = Math.ceil((last.extent * summed) / most);
  const size = Math.ceil(last.extent / pieces);
  return { blocks: blocks.slice(0, -1), cut: { axis: last, size }, summed: [last, ...inside] };
}
