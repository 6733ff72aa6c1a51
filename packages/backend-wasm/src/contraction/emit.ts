import type { LoopAxis, Statement } from '@downhill/tensor';
import { coefficientOf } from '@downhill/tensor';
import type { CodeContext } from '../code-context.js';
import { emitAtMost, emitDivided, mostEven, type Range } from '../division.js';
import { emitCounted, emitInnermost, emitStatements, loopVectorizes, placesOf } from '../statements.js';
import { LANES } from '../vector.js';
import type { Contraction, Load } from './contraction.js';
import { strideOf } from './contraction.js';
import type { Level } from './levels.js';
import { mergeLevels } from './levels.js';
import { packingFunction } from './packing.js';
import type { Plan, Run } from './plan.js';
import { points } from './plan.js';
import { tileFunction } from './tile.js';

type Store = Extract<Statement, { kind: 'store' }>;

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
 * What divides most evenly among threads: best a loop around everything, then columns, whose packing is divided too. A variable
 * is divided into parts that lie apart: each thread then reads at the next step what it has written itself, and has near.
 */
function bestDivided({ buffers, share }: CodeContext, { epilogue }: Contraction, plan: Plan): Divided {
  const choices: Divided[] = [...plan.outer, 'columns', 'rows', ...plan.inner];
  const assigned = epilogue.find(
    (each): each is Store => each.kind === 'store' && buffers[each.buffer].role === 'resident',
  );
  if (assigned !== undefined) {
    const apart = (choice: Divided): number => {
      const { axis } = choice === 'rows' ? plan.row : choice === 'columns' ? plan.column : choice;
      return Math.abs(coefficientOf(assigned.index, axis) ?? 0);
    };
    choices.sort((a, b) => apart(b) - apart(a));
  }
  return mostEven(choices, share?.most ?? 1, (each) => tilesAlong(each, plan));
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
  /** Whether sums are added up block by block, and wait in memory between blocks. */
  readonly #continues: boolean;
  /** Products in a block. */
  readonly #block: number;
  /** Bytes of a row of sums in the scratch memory. */
  readonly #sumDown: number;
  /** Offsets in the scratch memory. */
  readonly #leftPanel: number;
  readonly #sums: number;
  readonly #divided: Divided;
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
    this.#block = cut === undefined ? points(summed) : (points(summed) / cut.axis.extent) * cut.size;
    this.#sumDown = 4 * columns.reduce((sum, { count, size }) => sum + count * padded(size), 0);
    const height = Math.max(...rows.map(({ size }) => size));
    this.#leftPanel = plan.packsRight ? this.#block * this.#sumDown : 0;
    const kept = plan.keepsLeft ? row.extent : height;
    const blocksKept = plan.keepsLeft && cut !== undefined ? Math.ceil(cut.axis.extent / cut.size) : 1;
    this.#sums = this.#leftPanel + (plan.packsLeft ? this.#block * kept * blocksKept * 4 : 0);
    const lines = this.#continues ? points(inner) * row.extent : height;
    c.scratchBytes = Math.max(c.scratchBytes, this.#sums + (isDirect ? 0 : lines * this.#sumDown));
    this.#divided = bestDivided(c, contraction, plan);
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
    const { outer, packsLeft, packsRight, keepsLeft } = this.#plan;
    if (keepsLeft) this.#keepLeft();
    const packsAgain = this.#divided === 'columns' ? packsLeft && !keepsLeft : packsRight;
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
    if (!this.#continues || this.#direct !== undefined) return;
    const { f } = this.#c;
    this.#inner((sums) => {
      for (const run of this.#plan.rows) {
        this.#eachRow(run, (top) => {
          this.#epilogue(top, run.size, () => {
            f.get(sums).get(top).i32Const(this.#sumDown).op('i32.mul').op('i32.add');
          });
        });
      }
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

  #oneBlock(): void {
    const { f } = this.#c;
    const { packsRight, rows } = this.#plan;
    if (packsRight) this.#packRight();
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
      if (this.#continues) {
        for (const { axis, extent } of inner)
          f.get(sums).i32Const(extent).op('i32.mul').get(this.#c.counter(axis)).op('i32.add').set(sums);
        f.get(sums)
          .i32Const(row.extent * this.#sumDown)
          .op('i32.mul')
          .set(sums);
      }
      f.get(sums).get(scratch).op('i32.add').i32Const(this.#sums).op('i32.add').set(sums);
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
    /** Where the tile of this number (counted over all runs) begins, or the end of the run nearest to it. */
    const startOf = (tile: number): void => {
      const number = this.#c.local('i32');
      f.get(tile).i32Const(run.first).op('i32.sub').set(number);
      f.get(number).i32Const(0).get(number).i32Const(0).op('i32.gt_s').op('select').set(number);
      f.get(number).i32Const(run.count).get(number).i32Const(run.count).op('i32.lt_s').op('select');
      f.i32Const(run.size).op('i32.mul').i32Const(run.start).op('i32.add');
      f.release(number);
    };
    if (part === undefined) f.i32Const(run.start);
    else startOf(part.from);
    f.set(place);
    if (part === undefined) f.i32Const(run.start + run.count * run.size);
    else startOf(part.to);
    f.set(end);
    this.#c.counters.set(axis, place);
    f.whileLoop(
      () => f.get(place).get(end).op('i32.lt_u'),
      () => {
        body(place);
        f.get(place).i32Const(run.size).op('i32.add').set(place);
      },
    );
    this.#c.counters.delete(axis);
    f.release(place, end);
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
    const emitEnd = (end: number, local: number): void => {
      const { extent } = skip.axis;
      f.get(this.#c.counter(skip.by.axis)).i32Const(skip.step).op('i32.mul').i32Const(end).op('i32.add');
      f.tee(local).i32Const(0).get(local).i32Const(0).op('i32.gt_s').op('select').tee(local);
      f.i32Const(extent).get(local).i32Const(extent).op('i32.lt_s').op('select').set(local);
    };
    emitEnd(skip.from, from);
    emitEnd(skip.to, count);
    f.get(count).get(from).op('i32.sub').set(count);
    return { from, count };
  }

  #emitCount(factor: number, count = this.#count): void {
    const { f } = this.#c;
    f.get(count);
    if (factor !== 1) f.i32Const(factor).op('i32.mul');
  }

  #emitAddress({ buffer, index }: Pick<Load, 'buffer' | 'index'>): void {
    const { f } = this.#c;
    const offset = this.#c.address(buffer, index);
    if (offset !== 0) f.i32Const(offset).op('i32.add');
  }

  /** The address of a packed panel: panels lie one after another. */
  #emitPanel(start: number): void {
    const { f, scratch } = this.#c;
    f.get(scratch)
      .get(start)
      .i32Const(4 * this.#block)
      .op('i32.mul')
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
    f.get(scratch).i32Const(this.#leftPanel).op('i32.add');
    const { keepsLeft, cut, row } = this.#plan;
    if (!keepsLeft) return;
    f.get(top)
      .i32Const(4 * this.#block)
      .op('i32.mul')
      .op('i32.add');
    if (cut === undefined) return;
    // Blocks lie one after another.
    f.get(this.#c.counter(cut.axis.axis))
      .i32Const(((4 * this.#block) / cut.size) * row.extent)
      .op('i32.mul')
      .op('i32.add');
  }

  #tilesOfRow(run: Run, top: number, sums: number): void {
    const { f } = this.#c;
    const { left, right, row, packsLeft, packsRight, keepsLeft, skip } = this.#plan;
    const source = this.#c.local('i32');
    const stretch = this.#stretch();
    const packed = this.#packedSteps(run.size * 4);
    if (packsLeft) this.#emitLeftPanel(top);
    else this.#emitLeft();
    f.set(source);
    if (packsLeft && !keepsLeft) {
      this.#packLeft(run.size, () => {
        f.get(source);
      });
    }
    const target = this.#c.local('i32');
    if (this.#direct === undefined) {
      f.get(sums);
      if (this.#continues) f.get(top).i32Const(this.#sumDown).op('i32.mul').op('i32.add');
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
        if (stretch !== undefined) f.get(stretch.from).i32Const(step).op('i32.mul').op('i32.add');
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
    if (this.#continues || this.#direct !== undefined) return;
    this.#epilogue(top, run.size, () => f.get(sums));
  }

  /** Does with each sum of `rows` rows what is to be done; `address` emits where the sums of the first of them lie. */
  #epilogue(top: number, rows: number, address: () => void): void {
    const c = this.#c;
    const { f } = c;
    const { row, column } = this.#plan;
    const { epilogue, register } = this.#contraction;
    const line = c.local('i32');
    address();
    f.set(line);
    const end = c.local('i32');
    const current = c.local('i32');
    f.get(top).tee(current).i32Const(rows).op('i32.add').set(end);
    c.counters.set(row.axis, current);
    const range = this.#columnRange();
    f.whileLoop(
      () => f.get(current).get(end).op('i32.lt_u'),
      () => {
        const vectorizes = loopVectorizes(c, epilogue, column.axis, [register]);
        emitInnermost(c, column, epilogue.flatMap(placesOf), { vectorizes, range }, () => {
          const vector = c.vectorAxis !== undefined;
          const sum = c.local(vector ? 'v128' : 'f32');
          f.get(line).get(c.counter(column.axis)).i32Const(2).op('i32.shl').op('i32.add');
          if (vector) f.memory('v128.load', 0, 4);
          else f.memory('f32.load', 0);
          f.set(sum);
          c.registers.set(register, { local: sum, vector });
          emitStatements(c, epilogue);
          f.release(sum);
        });
        f.get(line).i32Const(this.#sumDown).op('i32.add').set(line);
        f.get(current).i32Const(1).op('i32.add').set(current);
      },
    );
    if (range !== undefined) f.release(range.from, range.to);
    f.release(line, end, current);
    c.counters.set(row.axis, top);
  }

  /** The columns this thread computes, where they are divided. */
  #columnRange(): Range | undefined {
    if (this.#divided !== 'columns' || this.#part === undefined) return undefined;
    const { f } = this.#c;
    const { column, vectors } = this.#plan;
    const ends = [this.#part.from, this.#part.to].map((tile) => {
      const end = this.#c.local('i32');
      f.get(tile)
        .i32Const(vectors * LANES)
        .op('i32.mul')
        .set(end);
      emitAtMost(f, end, column.extent);
      return end;
    });
    return { from: ends[0], to: ends[1] };
  }
}
