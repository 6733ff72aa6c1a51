import type { FunctionBuilder } from '../assembler.js';
import type { CodeContext } from '../code-context.js';
import { LANES } from '../vector.js';
import type { Level } from './levels.js';
import { writeLevels, writtenOut } from './levels.js';

/** A tile of sums: what tells its code from that of others. All distances are in bytes. */
export interface Tile {
  readonly rows: number;
  /** Vectors across. */
  readonly vectors: number;
  /** Columns that are stored; the lanes behind them may hold anything. */
  readonly columns: number;
  /** From row to row of the left factor. */
  readonly leftDown: number;
  /** From row to row of the sums. */
  readonly sumDown: number;
  /** The loops, outermost first; how often the outermost runs is an argument. */
  readonly levels: readonly Level[];
  /** Products that are written out rather than looped over, at the most. */
  readonly writtenOut: number;
  /** Whether sums go on from what is stored, rather than start from zero. */
  readonly continues: boolean;
}

/** Turns of the innermost loop that are written out, where that is fast and they have few products: sixteen are slower again. */
const TURNS = 8;

/**
 * The function that computes a tile, (left, right, sums, count) → (): shared by all kernels of a module that need the
 * same. Sums stay in registers from the first product to the last; a function of its own for each start (from zero, from
 * what is stored) is faster than a test.
 */
export function tileFunction({ shared }: Pick<CodeContext, 'shared'>, tile: Tile): number {
  return shared.function(`tile ${JSON.stringify(tile)}`, ['i32', 'i32', 'i32', 'i32'], (f) => {
    writeTile(f, tile);
  });
}

function writeTile(
  f: FunctionBuilder,
  { rows, vectors, columns, leftDown, sumDown, levels, writtenOut: most, continues }: Tile,
): void {
  const [left, right, target, count] = [0, 1, 2, 3];
  const sums = Array.from({ length: rows * vectors }, () => f.local('v128'));
  const lines = Array.from({ length: vectors }, () => f.local('v128'));
  const factor = f.local('v128');
  for (const [i, sum] of sums.entries()) {
    if (continues) f.get(target).memory('v128.load', place(i));
    else f.f32x4Const(0);
    f.set(sum);
  }
  const { looped, points } = writtenOut(levels, most);
  // A step backwards cannot be an immediate: pointers begin at the lowest point.
  const leftmost = Math.min(...points.map((each) => each.left)) + Math.min(0, (rows - 1) * leftDown);
  const rightmost = Math.min(...points.map((each) => each.right));
  if (leftmost < 0) f.get(left).plus(leftmost).set(left);
  if (rightmost < 0) f.get(right).plus(rightmost).set(right);
  const { leftStep, rightStep } = looped[looped.length - 1];
  const writeProducts = (turn: number): void => {
    for (const each of points) {
      lines.forEach((line, v) =>
        f
          .get(right)
          .memory('v128.load', turn * rightStep + each.right - rightmost + v * 16)
          .set(line),
      );
      for (let row = 0; row < rows; row++) {
        f.get(left)
          .memory('v128.load32_splat', turn * leftStep + each.left - leftmost + row * leftDown)
          .set(factor);
        lines.forEach((line, v) => {
          const sum = sums[row * vectors + v];
          f.get(factor)
            .get(line)
            .multiplyAdd(() => f.get(sum))
            .set(sum);
        });
      }
    }
  };
  const turns = TURNS * points.length <= most && leftStep >= 0 && rightStep > 0 ? TURNS : 1;
  writeLevels(f, looped, { left, right, count }, turns, (several) => {
    for (let turn = 0; turn < several; turn++) writeProducts(turn);
  });
  for (const [i, sum] of sums.entries()) {
    const used = columns - (i % vectors) * LANES;
    if (used >= LANES) {
      f.get(target).get(sum).memory('v128.store', place(i));
      continue;
    }
    for (let lane = 0; lane < used; lane++)
      f.get(target)
        .get(sum)
        .memoryLane('v128.store32_lane', place(i) + 4 * lane, lane);
  }

  function place(i: number): number {
    return Math.floor(i / vectors) * sumDown + (i % vectors) * 16;
  }
}
