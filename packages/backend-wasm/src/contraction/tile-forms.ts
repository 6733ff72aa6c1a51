import type { FunctionBuilder } from '../assembler.js';
import { ModuleBuilder } from '../assembler.js';
import { SharedFunctions } from '../shared-functions.js';
import { LANES } from '../vector.js';
import type { Level } from './levels.js';
import { tileFunction } from './tile.js';

/** How tiles are written: what is fast on one engine halves the speed on another. */
export interface TileForm {
  /** The most rows of a tile that is two vectors wide. */
  readonly height: number;
  /** The most products in a row that are written out one after another, rather than by a loop. */
  readonly writtenOut: number;
}

/** The forms an engine is fastest with: where sums run through one loop, and where through several. */
export interface TileForms {
  readonly one: TileForm;
  readonly several: TileForm;
}

/**
 * Those that are tried. Node 24 and current browsers are fastest with the first ones, by a twentieth where sums run through
 * one loop: too little to be told beside busy neighbours, so others have to be clearly better. Elsewhere they are: with one
 * product a turn Node 22 takes a third less time, with five rows Node 20 two fifths less; where sums run through several
 * loops, both take half the time with four.
 */
export const CANDIDATES: Readonly<Record<keyof TileForms, readonly TileForm[]>> = {
  one: [
    { height: 6, writtenOut: 9 },
    { height: 6, writtenOut: 1 },
    { height: 5, writtenOut: 1 },
  ],
  several: [
    { height: 6, writtenOut: 9 },
    { height: 6, writtenOut: 1 },
    { height: 4, writtenOut: 1 },
  ],
};

/** The products of a tile that is tried: those of a matrix product, and of 3x3 windows of images. Both stay in a level-1 cache. */
const TRIED: Readonly<Record<keyof TileForms, readonly Level[]>> = {
  one: [{ extent: 288, leftStep: 4, rightStep: 32 }],
  several: [
    { extent: 32, leftStep: 36, rightStep: 288 },
    { extent: 3, leftStep: 12, rightStep: 96 },
    { extent: 3, leftStep: 4, rightStep: 32 },
  ],
};
const LEFT_DOWN = 288 * 4;
const VECTORS = 2;
/** Where the factors and the sums lie, in a memory of one page. */
const PLACES = { left: 0, right: 16_384, sums: 32_768 };

/** Tiles in a row: some hundred microseconds, which the clocks of browsers can tell. */
const CALLS = 256;
/**
 * Turns that all take, and for how long: enough for engines to have put their best code in place of the first, which threads of
 * their own compile meanwhile. Where other programs keep the cores busy, those take longer, and so do turns.
 */
const TURNS = 32;
const MILLISECONDS = 40;
/** What a form must spare of the time of one that comes before it. */
const GAIN = 0.05;

/** The forms this engine is fastest with, by trying them. Sums add up in the same order in all. */
export function timeTileForms(relaxed: boolean): TileForms {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const tried = { one: trials('one', relaxed, memory), several: trials('several', relaxed, memory) };
  const all = [...tried.one, ...tried.several];
  const end = performance.now() + MILLISECONDS;
  for (let turn = 0; turn < TURNS || performance.now() < end; turn++) {
    for (const trial of all) {
      const start = performance.now();
      trial.run();
      trial.time = Math.min(trial.time, (performance.now() - start) / trial.form.height);
    }
  }
  return { one: fastest(tried.one), several: fastest(tried.several) };
}

interface Trial {
  readonly form: TileForm;
  readonly run: () => void;
  /** Milliseconds a row of the tile takes at best. */
  time: number;
}

function trials(loops: keyof TileForms, relaxed: boolean, memory: WebAssembly.Memory): Trial[] {
  const levels = TRIED[loops];
  return CANDIDATES[loops].map((form) => {
    const module = new ModuleBuilder(relaxed);
    module.importMemory('host', 'memory', { initial: 1, maximum: 1 });
    const run = module.function([], [], 'run');
    const tile = {
      rows: form.height,
      vectors: VECTORS,
      columns: VECTORS * LANES,
      leftDown: LEFT_DOWN,
      sumDown: 4 * VECTORS * LANES,
    };
    const index = tileFunction(
      { shared: new SharedFunctions(module) },
      { ...tile, levels, writtenOut: form.writtenOut, continues: false },
    );
    writeCalls(run, index, levels[0].extent);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
      host: { memory },
    });
    return { form, run: exports.run as () => void, time: Infinity };
  });
}

function writeCalls(f: FunctionBuilder, tile: number, count: number): void {
  const call = f.local('i32');
  f.forLoop(call, 0, CALLS, 1, () => {
    f.i32Const(PLACES.left).i32Const(PLACES.right).i32Const(PLACES.sums).i32Const(count).call(tile);
  });
}

function fastest(trials: readonly Trial[]): TileForm {
  const [first, ...rest] = trials;
  return rest.reduce((best, each) => (each.time < best.time * (1 - GAIN) ? each : best), first).form;
}
