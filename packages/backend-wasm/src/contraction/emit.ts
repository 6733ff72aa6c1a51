import type { Access, LoopAxis } from '@downhill/tensor';
import { accessesIn, coefficientOf, pointsOf } from '@downhill/tensor';
// In an order in which like code comes together: the bundle compresses better.
import type { FunctionBuilder } from '../assembler.js';
import type { CodeContext } from '../code-context.js';
import { packingFunction } from './packing.js';
import { emitAtLeast, emitAtMost, emitDivided, mostEven, type Range } from '../division.js';
import { emitCounted, emitInnermost, emitStatements, loopVectorizes } from '../statements.js';
import type { Contraction, Load, Store } from './contraction.js';
import { tileFunction } from './tile.js';
import type { Level } from './levels.js';
import { emitApart, LANES } from '../vector.js';
import { storesOf, strideOf } from './contraction.js';
import type { Plan, Run } from './plan.js';
import { KEPT, tilesOf } from './plan.js';
import { mergeLevels } from './levels.js';

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

/** The tiles along the rows or the columns; other loops have none. */
function runsOf(loop: LoopAxis, { row, rows, column, columns }: Plan): readonly Run[] | undefined {
  return loop === row ? rows : loop === column ? columns : undefined;
}

/** How many tiles (or turns of a loop) there are to divide among threads. */
function tilesAlong(loop: LoopAxis, plan: Plan): number {
  const runs = runsOf(loop, plan);
  return runs === undefined ? loop.extent : tilesOf(runs);
}

/**
 * What divides most evenly among threads: best a loop around everything, then columns, whose packing is divided too. Where a
 * variable is the largest of what is read and written, it is divided into parts that lie apart, the same ones at each step:
 * each thread then reads what it has written itself, and has near.
 */
function bestDivided({ buffers, share }: CodeContext, contraction: Contraction, plan: Plan): LoopAxis {
  const choices = [...plan.outer, plan.column, plan.row, ...plan.inner];
  const [largest] = [...storesOf(contraction), plan.left, plan.right].sort(
    (a, b) => buffers[b.buffer].length - buffers[a.buffer].length,
  );
  if (buffers[largest.buffer].role === 'resident') {
    const apart = ({ axis }: LoopAxis): number => Math.abs(coefficientOf(largest.index, axis) ?? 0);
    choices.sort((a, b) => apart(b) - apart(a));
  }
  return mostEven(choices, share?.most ?? 1, (each) => tilesAlong(each, plan));
}

/** Bytes of sums that wait, at the most, for results to be stored side by side. */
const WAITING = 2 ** 18;

/** Moves a local that is not from 0 to `most` to the nearer of the two. */
function emitWithin(f: FunctionBuilder, local: number, most: number): void {
  emitAtLeast(f, local, 0);
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
  /**
   * Whether sums of all rows wait in memory for what is done with them. If they do not, and tiles do not store them either, it
   * is done tile by tile, all written out: a core then reads what it needs for that while it still adds up.
   */
  readonly #waits: boolean;
  /** Products in a block. */
  readonly #block: number;
  /** Bytes of a row of sums in the scratch memory. */
  readonly #sumDown: number;
  /** Offsets in the scratch memory. */
  readonly #leftPanel: number;
  readonly #sums: number;
  /** The loop that is divided among threads; where it has tiles, those are. */
  readonly #divided: LoopAxis;
  /** Whether all columns are packed once, and kept for all pieces of a thread. */
  readonly #keepsRight: boolean;
  /** This thread's part of the loop that is divided. */
  readonly #ranges = new Map<LoopAxis, Range | undefined>();
  /** Locals: how many products the block has along its outermost loop; whether it is the first. */
  readonly #count: number;
  readonly #first: number;

  constructor(c: CodeContext, contraction: Contraction, plan: Plan) {
    const { blocks, cut, summed, inner, row, rows, column, columns } = plan;
    const { epilogue, register } = contraction;
    const [store] = epilogue;
    const isDirect =
      epilogue.length === 1 &&
      store.kind === 'store' &&
      store.value.kind === 'register' &&
      store.value.register === register &&
      coefficientOf(store.index, column.axis) === 1;
    this.#c = c;
    this.#plan = plan;
    this.#contraction = contraction;
    this.#direct = isDirect ? store : undefined;
    this.#continues = cut !== undefined || blocks.length > 0;
    this.#sumDown = 4 * columns.reduce((sum, { count, size }) => sum + count * padded(size), 0);
    const points = pointsOf(summed);
    const lines = pointsOf(inner) * row.extent;
    const lieAlong = storesOf(contraction).every(({ index }) => coefficientOf(index, row.axis) === 1);
    this.#turned = lieAlong && this.#vectorizes(row) && lines * this.#sumDown <= WAITING;
    this.#waits = !isDirect && (this.#continues || this.#turned);
    this.#block = cut === undefined ? points : (points / cut.axis.extent) * cut.size;
    const height = Math.max(...rows.map(({ size }) => size));
    this.#divided = bestDivided(c, contraction, plan);
    const { outer, packsLeft, packsRight, keepsLeft } = plan;
    const isOnce = this.#divided === row && outer.length === 0 && blocks.length === 0;
    const allRight = points * this.#sumDown;
    this.#keepsRight = packsRight && isOnce && allRight <= KEPT;
    const all = cut === undefined ? points : Math.ceil(cut.axis.extent / cut.size) * this.#block;
    const packedOf = (isKept: boolean): number => (isKept ? all : this.#block);
    this.#leftPanel = c.kept + (packsRight ? packedOf(this.#keepsRight) * this.#sumDown : 0);
    const rowsPacked = keepsLeft ? row.extent : height;
    this.#sums = this.#leftPanel + (packsLeft ? packedOf(keepsLeft) * rowsPacked * 4 : 0);
    const waiting = isDirect ? 0 : this.#waits ? lines * this.#sumDown : height * plan.vectors * 16;
    c.scratchBytes = Math.max(c.scratchBytes, this.#sums + waiting);
    this.#count = c.local('i32');
    this.#first = c.local('i32');
  }

  write(): void {
    const first = this.#contraction.loops[0];
    const { share } = this.#c;
    const isShared = share?.loops.some(({ axis }) => axis === first.axis) === true;
    const emit = (part?: Range): void => {
      this.#ranges.set(this.#divided, part && this.#rangeOf(part));
      if (this.#plan.keepsLeft && this.#divided === row) this.#keepLeft();
      emitNest(this.#c, outer, this.#ranges, () => {
        this.#blocks();
      });
    };
    const { outer, row, column, packsLeft, packsRight } = this.#plan;
    if (this.#plan.keepsLeft && this.#divided !== row) this.#keepLeft();
    if (this.#keepsRight) {
      this.#eachBlock(() => {
        this.#packRight();
      });
    }
    const packsAgain =
      this.#divided === column ? packsLeft && !this.#plan.keepsLeft : packsRight && !this.#keepsRight;
    const helps = !packsAgain || outer.includes(this.#divided);
    const extent = tilesAlong(this.#divided, this.#plan);
    if (isShared) emitDivided(this.#c, share, { extent, helps }, emit);
    else emit();
    this.#c.f.release(this.#count, this.#first);
  }

  #blocks(): void {
    const { f } = this.#c;
    const { packsRight, row } = this.#plan;
    f.i32Const(1).set(this.#first);
    this.#eachBlock(() => {
      if (packsRight && !this.#keepsRight) this.#packRight();
      this.#inner((sums) => {
        this.#eachTile(row, (top, height) => {
          this.#tilesOfRow(top, height, sums);
        });
      });
      if (this.#continues) f.i32Const(0).set(this.#first);
    });
    if (!this.#waits) return;
    this.#inner((sums) => {
      this.#finishAll(sums);
    });
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

  /** Runs over this thread's tiles along the rows or columns; `start` is a local with the first one of a tile. */
  #eachTile(loop: LoopAxis, body: (start: number, size: number) => void): void {
    const { f } = this.#c;
    const range = this.#ranges.get(loop);
    const [place, end] = [this.#c.local('i32'), this.#c.local('i32')];
    let start = 0;
    for (const { count, size } of runsOf(loop, this.#plan) ?? []) {
      f.i32Const(start).set(place);
      start += count * size;
      f.i32Const(start).set(end);
      if (range !== undefined) {
        emitAtLeast(f, place, () => f.get(range.from));
        emitAtMost(f, end, () => f.get(range.to));
      }
      this.#c.counters.set(loop.axis, place);
      f.whileLoop(
        () => f.get(place).get(end).op('i32.lt_u'),
        () => {
          body(place, size);
          f.get(place).plus(size).set(place);
        },
      );
    }
    this.#c.counters.delete(loop.axis);
    f.release(place, end);
  }

  /** Levels over what is summed in a block, and how often the outermost runs for each count of the block. */
  #levels(stepsOf: (axis: LoopAxis) => readonly [number, number]): { levels: Level[]; times: number } {
    const levels = this.#plan.summed.map((axis) => {
      const [leftStep, rightStep] = stepsOf(axis);
      return { extent: axis.extent, leftStep, rightStep };
    });
    const merged = mergeLevels(levels);
    return { levels: merged, times: merged[0].extent / levels[0].extent };
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

  #emitAddress({ buffer, index }: Pick<Load, 'buffer' | 'index'>): void {
    const { f } = this.#c;
    f.plus(this.#c.address(buffer, index));
  }

  /** The address of a packed panel: panels lie one after another. */
  #emitPanel(start: number): void {
    const { f, scratch } = this.#c;
    f.get(scratch)
      .plus(this.#c.kept)
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
    const { right, column } = this.#plan;
    this.#eachTile(column, (start, size) => {
      this.#pack(right, column, size, padded(size), () => {
        this.#emitPanel(start);
      });
    });
  }

  /** Packs all rows, or those of a piece, for whatever the loops around run over. */
  #keepLeft(): void {
    this.#eachBlock(() => {
      this.#eachTile(this.#plan.row, (top, height) => {
        this.#packLeft(height, () => {
          this.#emitLeftPanel(top);
        });
      });
    });
  }

  #packLeft(height: number, emitTarget: () => void): void {
    const { left, row } = this.#plan;
    this.#pack(left, row, height, height, emitTarget);
  }

  /** Packs some lines of a factor, from the counter of the loop across them on, side by side where `width` of them have room. */
  #pack(factor: Load, across: LoopAxis, lines: number, width: number, emitTarget: () => void): void {
    const { f } = this.#c;
    const packed = this.#packedSteps(width * 4);
    const { levels, times } = this.#levels((axis) => [strideOf(factor, axis), packed.get(axis) ?? 0]);
    this.#emitStart(factor);
    emitTarget();
    f.get(this.#count).times(times);
    f.call(packingFunction(this.#c, { lines, width, across: strideOf(factor, across), levels }));
  }

  /** The address of a factor in the row or column that is open. */
  #emitStart(factor: Load): void {
    const { row, column } = this.#plan;
    this.#atZero(
      [row, column].filter(({ axis }) => !this.#c.counters.has(axis)),
      () => {
        this.#emitAddress(factor);
      },
    );
  }

  /** The address of the packed rows that begin with this one. */
  #emitLeftPanel(top: number): void {
    const { f, scratch } = this.#c;
    f.get(scratch).plus(this.#leftPanel);
    if (!this.#plan.keepsLeft) return;
    f.get(top)
      .times(4 * this.#block)
      .op('i32.add');
    this.#emitToBlock(4 * this.#plan.row.extent);
  }

  #tilesOfRow(top: number, height: number, sums: number): void {
    const { f } = this.#c;
    const { left, right, row, column, packsLeft, packsRight, skip } = this.#plan;
    const direct = this.#direct;
    const source = this.#c.local('i32');
    const stretch = this.#stretch();
    const packed = this.#packedSteps(height * 4);
    if (packsLeft) this.#emitLeftPanel(top);
    else this.#emitStart(left);
    f.set(source);
    if (packsLeft && !this.#plan.keepsLeft) {
      this.#packLeft(height, () => {
        f.get(source);
      });
    }
    const writePanel = (start: number, size: number): void => {
      const width = padded(size);
      const panel = this.#packedSteps(width * 4);
      const stepsOf = (axis: LoopAxis): readonly [number, number] => [
        packsLeft ? (packed.get(axis) ?? 0) : strideOf(left, axis),
        packsRight ? (panel.get(axis) ?? 0) : strideOf(right, axis),
      ];
      const { levels, times } = this.#levels(stepsOf);
      const [leftStep, rightStep] = skip === undefined ? [0, 0] : stepsOf(skip.axis);
      const emitSkipped = (step: number): void => {
        if (stretch !== undefined) f.get(stretch.from).times(step).op('i32.add');
      };
      const tile = {
        rows: height,
        vectors: width / LANES,
        columns: direct ? size : width,
        leftDown: packsLeft ? 4 : strideOf(left, row),
        sumDown: direct
          ? 4 * (coefficientOf(direct.index, row.axis) ?? 0)
          : this.#waits
            ? this.#sumDown
            : 4 * width,
        levels,
        writtenOut: this.#plan.writtenOut,
      };
      const call = (continues: boolean): void => {
        f.get(source);
        emitSkipped(leftStep);
        if (packsRight) this.#emitPanel(start);
        else this.#emitAddress(right);
        emitSkipped(rightStep);
        if (direct) this.#emitAddress(direct);
        else {
          f.get(sums);
          if (this.#waits) f.get(top).times(this.#sumDown).get(start).times(4).op('i32.add').op('i32.add');
        }
        f.get(stretch?.count ?? this.#count).times(times);
        f.call(tileFunction(this.#c, { ...tile, continues }));
      };
      if (!this.#continues) {
        call(false);
        if (!direct && !this.#waits) this.#finishTile(sums, height, size);
        return;
      }
      f.get(this.#first).if();
      call(false);
      f.else();
      call(true);
      f.end();
    };
    const { epilogue } = this.#contraction;
    // What a tile does with its sums knows addresses in other rows by those in the first, where they lie evenly.
    const isEven = ({ index }: Access): boolean => coefficientOf(index, row.axis) !== undefined;
    const places = this.#waits ? [] : accessesIn(epilogue).filter(isEven);
    this.#c.withPointers(places, column.axis, [], () => {
      this.#eachTile(column, writePanel);
    });
    f.release(source);
    if (stretch !== undefined) f.release(stretch.from, stretch.count);
  }

  /** Does with the sums of a tile what is to be done. */
  #finishTile(sums: number, rows: number, columns: number): void {
    const c = this.#c;
    const { f } = c;
    const { row, column } = this.#plan;
    const whole = this.#vectorizes(column) ? columns - LANES : -1;
    for (let down = 0; down < rows; down++) {
      c.ahead.set(row.axis, down);
      for (let right = 0; right < columns; right += c.vectorAxis === undefined ? 1 : LANES) {
        c.ahead.set(column.axis, right);
        c.vectorAxis = right <= whole ? column.axis : undefined;
        f.get(sums);
        this.#finish(4 * (down * padded(columns) + right));
      }
    }
    c.ahead.clear();
    c.vectorAxis = undefined;
  }

  /** Whether what is done with sums can be done with four neighbours along a loop at once. */
  #vectorizes({ axis }: LoopAxis): boolean {
    const { epilogue, register } = this.#contraction;
    return loopVectorizes(this.#c, epilogue, axis, [register]);
  }

  /** Does with all sums of this thread what is to be done; `sums` is a local with the address of row 0. */
  #finishAll(sums: number): void {
    const c = this.#c;
    const { f } = c;
    const { row, column } = this.#plan;
    const { epilogue } = this.#contraction;
    const down = { loop: row, range: this.#ranges.get(row), step: this.#sumDown };
    const right = { loop: column, range: this.#ranges.get(column), step: 4 };
    const [across, along] = this.#turned ? [right, down] : [down, right];
    const line = c.local('i32');
    const emitPlace = (from: number, { loop, step }: typeof across): void => {
      f.get(from).get(c.counter(loop.axis)).times(step).op('i32.add');
    };
    emitCounted(c, across.loop, { range: across.range }, () => {
      emitPlace(sums, across);
      f.set(line);
      const options = {
        vectorizes: this.#vectorizes(along.loop),
        range: along.range,
        anywhere: this.#turned,
      };
      emitInnermost(c, along.loop, accessesIn(epilogue), options, () => {
        emitPlace(line, along);
        this.#finish(0, along.step);
      });
    });
    f.release(line);
  }

  /** Does with a sum, or four of them `step` bytes apart, what is to be done: they lie at an offset from the address on the stack. */
  #finish(offset: number, step = 4): void {
    const c = this.#c;
    const { epilogue, register } = this.#contraction;
    const vector = c.vectorAxis !== undefined;
    const sum = c.local(vector ? 'v128' : 'f32');
    if (vector && step !== 4) emitApart(c, offset, step);
    else c.f.memory(vector ? 'v128.load' : 'f32.load', offset);
    c.f.set(sum);
    c.registers.set(register, { local: sum, vector });
    emitStatements(c, epilogue);
    c.f.release(sum);
  }

  /** What a part of the loop that is divided is in its turns, where it is in tiles. */
  #rangeOf(part: Range): Range {
    const { f } = this.#c;
    const runs = runsOf(this.#divided, this.#plan);
    if (runs === undefined) return part;
    const [from, to] = [part.from, part.to].map((tile) => {
      const place = this.#c.local('i32');
      const number = this.#c.local('i32');
      let first = 0;
      f.i32Const(0).set(place);
      for (const { count, size } of runs) {
        f.get(tile).plus(-first).set(number);
        first += count;
        emitWithin(f, number, count);
        f.get(number).times(size).get(place).op('i32.add').set(place);
      }
      f.release(number);
      return place;
    });
    return { from, to };
  }
}
