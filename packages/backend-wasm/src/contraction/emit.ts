import type { LoopAxis } from '@downhill/tensor';
import { coefficientOf, pointsOf } from '@downhill/tensor';
import type { FunctionBuilder } from '../assembler.js';
import type { CodeContext } from '../code-context.js';
import { emitAtMost, emitDivided, mostEven, type Range } from '../division.js';
import { emitCounted, emitInnermost, emitStatements, loopVectorizes, placesOf } from '../statements.js';
import { emitApart, LANES } from '../vector.js';
import type { Contraction, Load, Store } from './contraction.js';
import { storesOf, strideOf } from './contraction.js';
import type { Level } from './levels.js';
import { mergeLevels } from './levels.js';
import { packingFunction } from './packing.js';
import type { Plan, Run } from './plan.js';
import { KEPT } from './plan.js';
import { tileFunction } from './tile.js';

/** Emits a contraction as its plan says. */
export function emitContraction(c: CodeContext, contraction: Contraction, plan: Plan): void {
  new ContractionWriter(c, contraction, plan).write();
}

/** Emits loops over axes around `body`, outermost first; of a loop that is divided, this thread's part. */
function emitNest(
  c: CodeContext,
  axes: readonly LoopAxis[],
  ranges: ReadonlyMap<LoopAxis, Range | undefined>,
  body: () => void,
): void {
  const [first, ...rest] = axes;
  if (first === undefined) {
    body();
    return;
  }
  emitCounted(c, first, { range: ranges.get(first) }, () => {
    emitNest(c, rest, ranges, body);
  });
}

/** What is divided among threads: a loop, the tiles along the rows or those along the columns. */
type Divided = LoopAxis | 'rows' | 'columns';

/** How many tiles (or turns of a loop) there are to divide among threads. */
function tilesAlong(divided: Divided, plan: Plan): number {
  if (typeof divided === 'object') return divided.extent;
  return plan[divided].reduce((sum, { count }) => sum + count, 0);
}

/**
 * What divides most evenly among threads: best a loop around everything, then columns, whose packing is divided too. Where a
 * variable is assigned, or is the larger factor, it is divided into parts that lie apart, the same ones at each step: each
 * thread then reads what it has written itself, and has near.
 */
function bestDivided({ buffers, share }: CodeContext, contraction: Contraction, plan: Plan): Divided {
  const choices: Divided[] = [...plan.outer, 'columns', 'rows', ...plan.inner];
  const [larger] = [plan.left, plan.right].sort(
    (a, b) => buffers[b.buffer].length - buffers[a.buffer].length,
  );
  const variable = [...storesOf(contraction), larger].find(
    ({ buffer }) => buffers[buffer].role === 'resident',
  );
  if (variable !== undefined) {
    const apart = (choice: Divided): number => {
      const { axis } = choice === 'rows' ? plan.row : choice === 'columns' ? plan.column : choice;
      return Math.abs(coefficientOf(variable.index, axis) ?? 0);
    };
    choices.sort((a, b) => apart(b) - apart(a));
  }
  return mostEven(choices, share?.most ?? 1, (each) => tilesAlong(each, plan));
}

/** Bytes of sums that wait, at the most, for results to be stored side by side. */
const WAITING = 2 ** 18;

/** Whether all results lie side by side along this axis, and may be computed so. */
function liesAlong(c: CodeContext, contraction: Contraction, axis: number): boolean {
  const stores = storesOf(contraction);
  const lie = stores.length > 0 && stores.every(({ index }) => coefficientOf(index, axis) === 1);
  return lie && loopVectorizes(c, contraction.epilogue, axis, [contraction.register]);
}

/** Moves a local that is not from 0 to `most` to the nearer of the two. */
function emitWithin(f: FunctionBuilder, local: number, most: number): void {
  f.get(local).i32Const(0).get(local).i32Const(0).op('i32.gt_s').op('select').set(local);
  emitAtMost(f, local, most);
}

/** Columns with room for whole vectors. */
function padded(size: number): number {
  return Math.ceil(size / LANES) * LANES;
}

class ContractionWriter {
  readonly #c: CodeContext;
  readonly #plan: Plan;
  readonly #contraction: Contraction;
  /** The only thing done with the sums, if it is to store them side by side: tiles do that themselves. */
  readonly #direct: Store | undefined;
  /** Whether sums are added up block by block. */
  readonly #continues: boolean;
  /**
   * Whether results lie side by side along the rows. What is done with sums then runs along them too: results that are stored
   * across lie in few sets of the cache where lines of a matrix are a power of two apart.
   */
  readonly #turned: boolean;
  /** Whether the sums of all rows wait in memory, between blocks or for what is done with them. */
  readonly #waits: boolean;
  /** Products in a block. */
  readonly #block: number;
  /** Bytes of a row of sums in the scratch memory. */
  readonly #sumDown: number;
  /** Offsets in the scratch memory. */
  readonly #leftPanel: number;
  readonly #sums: number;
  readonly #divided: Divided;
  /** Whether what is packed of a factor is kept: for all pieces of a thread, and whatever the loops around run over. */
  readonly #keepsLeft: boolean;
  readonly #keepsRight: boolean;
  /** This thread's part of it. */
  #part: Range | undefined;
  readonly #ranges = new Map<LoopAxis, Range | undefined>();
  /** Locals: how many products the block has along its outermost loop; whether it is the first. */
  readonly #count: number;
  readonly #first: number;

  constructor(c: CodeContext, contraction: Contraction, plan: Plan) {
    const { blocks, cut, summed, inner, row, rows, columns } = plan;
    const [store] = contraction.epilogue;
    const isDirect =
      contraction.epilogue.length === 1 &&
      store.kind === 'store' &&
      store.value.kind === 'register' &&
      store.value.register === contraction.register &&
      coefficientOf(store.index, plan.column.axis) === 1;
    this.#c = c;
    this.#plan = plan;
    this.#contraction = contraction;
    this.#direct = isDirect ? store : undefined;
    this.#continues = cut !== undefined || blocks.length > 0;
    this.#sumDown = 4 * columns.reduce((sum, { count, size }) => sum + count * padded(size), 0);
    const lines = pointsOf(inner) * row.extent;
    this.#turned = liesAlong(c, contraction, row.axis) && lines * this.#sumDown <= WAITING;
    this.#waits = this.#continues || this.#turned;
    this.#block = cut === undefined ? pointsOf(summed) : (pointsOf(summed) / cut.axis.extent) * cut.size;
    const height = Math.max(...rows.map(({ size }) => size));
    this.#divided = bestDivided(c, contraction, plan);
    const { packsLeft, packsRight, keepsLeft } = plan;
    const isOnce = this.#divided === 'rows' && plan.outer.length === 0 && blocks.length === 0;
    const allRight = pointsOf(summed) * this.#sumDown;
    this.#keepsRight = packsRight && isOnce && allRight <= KEPT;
    this.#keepsLeft = keepsLeft && !(isOnce && inner.length === 0);
    const all = cut === undefined ? 1 : Math.ceil(cut.axis.extent / cut.size);
    const blocksOf = (isKept: boolean): number => this.#block * (isKept ? all : 1);
    this.#leftPanel = packsRight ? blocksOf(this.#keepsRight) * this.#sumDown : 0;
    const rowsPacked = this.#keepsLeft ? row.extent : height;
    this.#sums = this.#leftPanel + (packsLeft ? blocksOf(this.#keepsLeft) * rowsPacked * 4 : 0);
    const waiting = isDirect ? 0 : this.#waits ? lines : height;
    c.scratchBytes = Math.max(c.scratchBytes, this.#sums + waiting * this.#sumDown);
    this.#count = c.local('i32');
    this.#first = c.local('i32');
  }

  write(): void {
    const first = this.#contraction.loops[0];
    const { share } = this.#c;
    const isShared = share?.loops.some(({ axis }) => axis === first.axis) === true;
    const emit = (part?: Range): void => {
      this.#part = part;
      if (typeof this.#divided === 'object') this.#ranges.set(this.#divided, part);
      emitNest(this.#c, this.#plan.outer, this.#ranges, () => {
        this.#blocks();
      });
    };
    const { outer, packsLeft, packsRight } = this.#plan;
    if (this.#keepsLeft) this.#keepLeft();
    if (this.#keepsRight) {
      this.#eachBlock(() => {
        this.#packRight();
      });
    }
    const packsAgain =
      this.#divided === 'columns' ? packsLeft && !this.#keepsLeft : packsRight && !this.#keepsRight;
    const helps = !packsAgain || outer.some((loop) => loop === this.#divided);
    const extent = tilesAlong(this.#divided, this.#plan);
    if (isShared) emitDivided(this.#c, share, { extent, helps }, emit);
    else emit();
    this.#c.f.release(this.#count, this.#first);
  }

  #blocks(): void {
    this.#c.f.i32Const(1).set(this.#first);
    this.#eachBlock(() => {
      this.#oneBlock();
    });
    if (!this.#waits || this.#direct !== undefined) return;
    const rows = this.#rangeOf('rows');
    this.#inner((sums) => {
      this.#epilogue(sums, rows);
    });
    if (rows !== undefined) this.#c.f.release(rows.from, rows.to);
  }

  /** Runs over the blocks of what is summed. */
  #eachBlock(body: () => void): void {
    const { f } = this.#c;
    const { blocks, cut, summed } = this.#plan;
    const inside = summed.filter((loop) => loop !== cut?.axis);
    emitNest(this.#c, blocks, new Map(), () => {
      if (cut === undefined) {
        f.i32Const(summed[0]?.extent ?? 1).set(this.#count);
        this.#atZero(inside, body);
        return;
      }
      const { axis, extent } = cut.axis;
      const from = this.#c.local('i32');
      this.#c.counters.set(axis, from);
      f.forLoop(from, 0, extent, cut.size, () => {
        f.i32Const(extent).get(from).op('i32.sub').set(this.#count);
        emitAtMost(f, this.#count, cut.size);
        this.#atZero(inside, body);
      });
      this.#c.counters.delete(axis);
      f.release(from);
    });
  }

  /** Emits what takes the counters of some loops, which are not open, for zero. */
  #atZero(axes: readonly LoopAxis[], body: () => void): void {
    for (const { axis } of axes) this.#c.turns.set(axis, 0);
    body();
    for (const { axis } of axes) this.#c.turns.delete(axis);
  }

  #oneBlock(): void {
    const { f } = this.#c;
    const { packsRight, rows } = this.#plan;
    if (packsRight && !this.#keepsRight) this.#packRight();
    this.#inner((sums) => {
      for (const run of rows) {
        this.#eachRow(run, (top) => {
          this.#tilesOfRow(run, top, sums);
        });
      }
    });
    if (this.#continues) f.i32Const(0).set(this.#first);
  }

  /** Runs over the axes only the left factor depends on; `sums` is a local with the address of their sums. */
  #inner(body: (sums: number) => void): void {
    const { f, scratch } = this.#c;
    const { inner, row } = this.#plan;
    const sums = this.#c.local('i32');
    emitNest(this.#c, inner, this.#ranges, () => {
      f.i32Const(0).set(sums);
      if (this.#waits) {
        for (const { axis, extent } of inner)
          f.get(sums).times(extent).get(this.#c.counter(axis)).op('i32.add').set(sums);
        f.get(sums)
          .times(row.extent * this.#sumDown)
          .set(sums);
      }
      f.get(sums).get(scratch).op('i32.add').plus(this.#sums).set(sums);
      body(sums);
    });
    f.release(sums);
  }

  /** Runs over the tiles of a run; `top` is a local with the first row. */
  #eachRow(run: Run, body: (top: number) => void): void {
    this.#each(run, this.#plan.row, this.#divided === 'rows', body);
  }

  /** Runs over the panels of columns; `start` is a local with the first column. */
  #eachPanel(body: (run: Run, start: number) => void): void {
    for (const run of this.#plan.columns) {
      this.#each(run, this.#plan.column, this.#divided === 'columns', (start) => {
        body(run, start);
      });
    }
  }

  #each(run: Run, { axis }: LoopAxis, divided: boolean, body: (start: number) => void): void {
    const { f } = this.#c;
    const part = divided ? this.#part : undefined;
    const [place, end] = [this.#c.local('i32'), this.#c.local('i32')];
    if (part === undefined) f.i32Const(run.start);
    else this.#emitStartOf(part.from, run);
    f.set(place);
    if (part === undefined) f.i32Const(run.start + run.count * run.size);
    else this.#emitStartOf(part.to, run);
    f.set(end);
    this.#c.counters.set(axis, place);
    f.whileLoop(
      () => f.get(place).get(end).op('i32.lt_u'),
      () => {
        body(place);
        f.get(place).plus(run.size).set(place);
      },
    );
    this.#c.counters.delete(axis);
    f.release(place, end);
  }

  /** Emits where the tile of this number (counted over all runs) begins, or the end of the run nearest to it. */
  #emitStartOf(tile: number, run: Run): void {
    const { f } = this.#c;
    const number = this.#c.local('i32');
    f.get(tile).plus(-run.first).set(number);
    emitWithin(f, number, run.count);
    f.get(number).times(run.size).plus(run.start);
    f.release(number);
  }

  /** Levels over what is summed in a block, and how often the outermost runs for each count of the block. */
  #levels(stepsOf: (axis: LoopAxis) => readonly [number, number]): { levels: Level[]; factor: number } {
    const levels = this.#plan.summed.map((axis) => {
      const [leftStep, rightStep] = stepsOf(axis);
      return { extent: axis.extent, leftStep, rightStep };
    });
    const merged = mergeLevels(levels);
    return { levels: merged, factor: merged[0].extent / levels[0].extent };
  }

  /** Bytes a packed panel moves on along each summed axis: `width` bytes a product, in the order of the loops. */
  #packedSteps(width: number): Map<LoopAxis, number> {
    let step = width;
    const steps = [...this.#plan.summed].reverse().map((axis) => {
      const own = step;
      step *= axis.extent;
      return [axis, own] as const;
    });
    return new Map(steps);
  }

  /** Locals with where the stretch of the skipped axis begins that is left to sum, and how long it is. */
  #stretch(): { readonly from: number; readonly count: number } | undefined {
    const { f } = this.#c;
    const { skip } = this.#plan;
    if (skip === undefined) return undefined;
    const [from, count] = [this.#c.local('i32'), this.#c.local('i32')];
    for (const [local, end] of [
      [from, skip.from],
      [count, skip.to],
    ]) {
      f.get(this.#c.counter(skip.by.axis)).times(skip.step).plus(end).set(local);
      emitWithin(f, local, skip.axis.extent);
    }
    f.get(count).get(from).op('i32.sub').set(count);
    return { from, count };
  }

  #emitCount(factor: number, count = this.#count): void {
    const { f } = this.#c;
    f.get(count).times(factor);
  }

  #emitAddress({ buffer, index }: Pick<Load, 'buffer' | 'index'>): void {
    const { f } = this.#c;
    f.plus(this.#c.address(buffer, index));
  }

  /** The address of a packed panel: panels lie one after another. */
  #emitPanel(start: number): void {
    const { f, scratch } = this.#c;
    f.get(scratch)
      .get(start)
      .times(4 * this.#block)
      .op('i32.add');
    if (this.#keepsRight) this.#emitToBlock(this.#sumDown);
  }

  /** Goes on from the first block to the one that is open, where each has so many bytes for a product: they lie one after another. */
  #emitToBlock(bytes: number): void {
    const { f } = this.#c;
    const { cut } = this.#plan;
    if (cut === undefined) return;
    f.get(this.#c.counter(cut.axis.axis))
      .times((this.#block / cut.size) * bytes)
      .op('i32.add');
  }

  #packRight(): void {
    const { f } = this.#c;
    const { right, column, row } = this.#plan;
    this.#eachPanel(({ size }, start) => {
      const width = padded(size);
      const target = this.#packedSteps(width * 4);
      const { levels, factor } = this.#levels((axis) => [strideOf(right, axis), target.get(axis) ?? 0]);
      this.#atZero([row], () => {
        this.#emitAddress(right);
      });
      this.#emitPanel(start);
      this.#emitCount(factor);
      f.call(packingFunction(this.#c, { lines: size, width, across: strideOf(right, column), levels }));
    });
  }

  /** Packs all rows, for whatever the loops around run over. */
  #keepLeft(): void {
    const { rows, row } = this.#plan;
    this.#eachBlock(() => {
      for (const run of rows) {
        this.#each(run, row, false, (top) => {
          this.#packLeft(run.size, () => {
            this.#emitLeftPanel(top);
          });
        });
      }
    });
  }

  /** The address of the left factor in the row that is open. */
  #emitLeft(): void {
    const { left, column } = this.#plan;
    this.#atZero([column], () => {
      this.#emitAddress(left);
    });
  }

  /** Packs the rows from the counter of the rows on. */
  #packLeft(lines: number, emitTarget: () => void): void {
    const { f } = this.#c;
    const { left, row } = this.#plan;
    const packed = this.#packedSteps(lines * 4);
    const { levels, factor } = this.#levels((axis) => [strideOf(left, axis), packed.get(axis) ?? 0]);
    this.#emitLeft();
    emitTarget();
    this.#emitCount(factor);
    f.call(packingFunction(this.#c, { lines, width: lines, across: strideOf(left, row), levels }));
  }

  /** The address of the packed rows that begin with this one. */
  #emitLeftPanel(top: number): void {
    const { f, scratch } = this.#c;
    f.get(scratch).plus(this.#leftPanel);
    if (!this.#keepsLeft) return;
    f.get(top)
      .times(4 * this.#block)
      .op('i32.add');
    this.#emitToBlock(4 * this.#plan.row.extent);
  }

  #tilesOfRow(run: Run, top: number, sums: number): void {
    const { f } = this.#c;
    const { left, right, row, packsLeft, packsRight, skip } = this.#plan;
    const source = this.#c.local('i32');
    const stretch = this.#stretch();
    const packed = this.#packedSteps(run.size * 4);
    if (packsLeft) this.#emitLeftPanel(top);
    else this.#emitLeft();
    f.set(source);
    if (packsLeft && !this.#keepsLeft) {
      this.#packLeft(run.size, () => {
        f.get(source);
      });
    }
    const target = this.#c.local('i32');
    if (this.#direct === undefined) {
      f.get(sums);
      if (this.#waits) f.get(top).times(this.#sumDown).op('i32.add');
      f.set(target);
    }
    this.#eachPanel(({ size }, start) => {
      const width = padded(size);
      const panel = this.#packedSteps(width * 4);
      const stepsOf = (axis: LoopAxis): readonly [number, number] => [
        packsLeft ? (packed.get(axis) ?? 0) : strideOf(left, axis),
        packsRight ? (panel.get(axis) ?? 0) : strideOf(right, axis),
      ];
      const { levels, factor } = this.#levels(stepsOf);
      const [leftStep, rightStep] = skip === undefined ? [0, 0] : stepsOf(skip.axis);
      const emitSkipped = (step: number): void => {
        if (stretch !== undefined) f.get(stretch.from).times(step).op('i32.add');
      };
      const tile = {
        rows: run.size,
        vectors: width / LANES,
        columns: this.#direct === undefined ? width : size,
        leftDown: packsLeft ? 4 : strideOf(left, row),
        sumDown:
          this.#direct === undefined ? this.#sumDown : 4 * (coefficientOf(this.#direct.index, row.axis) ?? 0),
        levels,
        writtenOut: this.#plan.writtenOut,
      };
      const call = (continues: boolean): void => {
        f.get(source);
        emitSkipped(leftStep);
        if (packsRight) this.#emitPanel(start);
        else this.#emitAddress(right);
        emitSkipped(rightStep);
        if (this.#direct === undefined) f.get(target).get(start).i32Const(2).op('i32.shl').op('i32.add');
        else this.#emitAddress(this.#direct);
        this.#emitCount(factor, stretch?.count);
        f.call(tileFunction(this.#c, { ...tile, continues }));
      };
      if (!this.#continues) {
        call(false);
        return;
      }
      f.get(this.#first).if();
      call(false);
      f.else();
      call(true);
      f.end();
    });
    f.release(source, target);
    if (stretch !== undefined) f.release(stretch.from, stretch.count);
    if (this.#waits || this.#direct !== undefined) return;
    // There are the sums of this tile alone.
    const [first, end] = [this.#c.local('i32'), this.#c.local('i32')];
    f.get(sums).get(top).times(this.#sumDown).op('i32.sub').set(first);
    f.get(top).plus(run.size).set(end);
    this.#epilogue(first, { from: top, to: end });
    f.release(first, end);
    this.#c.counters.set(row.axis, top);
  }

  /** Does with each sum of some rows what is to be done; `sums` is a local with the address of row 0. */
  #epilogue(sums: number, rows: Range | undefined): void {
    const c = this.#c;
    const { f } = c;
    const { row, column } = this.#plan;
    const { epilogue, register } = this.#contraction;
    const columns = this.#rangeOf('columns');
    const down = { loop: row, range: rows, step: this.#sumDown };
    const right = { loop: column, range: columns, step: 4 };
    const [across, along] = this.#turned ? [right, down] : [down, right];
    const line = c.local('i32');
    const emitPlace = (from: number, { loop, step }: typeof across): void => {
      f.get(from).get(c.counter(loop.axis)).times(step).op('i32.add');
    };
    emitCounted(c, across.loop, { range: across.range }, () => {
      emitPlace(sums, across);
      f.set(line);
      const vectorizes = loopVectorizes(c, epilogue, along.loop.axis, [register]);
      const options = { vectorizes, range: along.range, anywhere: this.#turned };
      emitInnermost(c, along.loop, epilogue.flatMap(placesOf), options, () => {
        const vector = c.vectorAxis !== undefined;
        const sum = c.local(vector ? 'v128' : 'f32');
        emitPlace(line, along);
        if (!vector) f.memory('f32.load', 0);
        else if (this.#turned) emitApart(c, 0, along.step);
        else f.memory('v128.load', 0);
        f.set(sum);
        c.registers.set(register, { local: sum, vector });
        emitStatements(c, epilogue);
        f.release(sum);
      });
    });
    f.release(line);
    if (columns !== undefined) f.release(columns.from, columns.to);
  }

  /** The rows or columns this thread computes, where they are divided. */
  #rangeOf(tiles: 'rows' | 'columns'): Range | undefined {
    const part = this.#part;
    if (this.#divided !== tiles || part === undefined) return undefined;
    const { f } = this.#c;
    const [from, to] = [part.from, part.to].map((tile) => {
      const place = this.#c.local('i32');
      f.i32Const(0).set(place);
      for (const run of this.#plan[tiles]) {
        this.#emitStartOf(tile, run);
        f.i32Const(run.start).op('i32.sub').get(place).op('i32.add').set(place);
      }
      return place;
    });
    return { from, to };
  }
}
