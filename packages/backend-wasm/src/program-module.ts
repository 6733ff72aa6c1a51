import type { Kernel, KernelCost, Program } from '@downhill/tensor';
import { bytesPerElement, kernelCosts } from '@downhill/tensor';
// In an order in which like code comes together: the bundle compresses better.
import { writeBarrier } from './barrier.js';
import type { FunctionBuilder } from './assembler.js';
import { sortingTime } from './sorting.js';
import { nestOf } from './nest.js';
import { inStages } from './stages.js';
import { CodeContext } from './code-context.js';
import type { TileForms } from './contraction/tile-forms.js';
import { bordersOf } from './contraction/borders.js';
import { ModuleBuilder } from './assembler.js';
import type { ImportIndices } from './imports.js';
import { aligned, Gaps } from './gaps.js';
import { SharedFunctions } from './shared-functions.js';
import { emitStatements } from './statements.js';
import { IMPORTS } from './imports.js';
import { checkFits, MOST_PAGES } from './memory.js';

export interface ProgramModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The size of the arena: the program's, with what scratch memory had to be put behind it. */
  readonly arenaBytes: number;
  /** How long one core takes for a run, roughly, in nanoseconds. */
  readonly work: number;
}

export interface ModuleOptions {
  /** Whether the engine has relaxed multiply-add. */
  readonly relaxed: boolean;
  /** How tiles are written. */
  readonly tileForms: TileForms;
  /** The most pages a shared memory may have; undefined where the memory is not shared. */
  readonly sharedPages: number | undefined;
  /** The most threads that will run the program. */
  readonly threads: number;
}

/** What stands at which place of a program's table, in 32-bit words. */
export const TABLE = {
  /** The address of the arena. */
  arena: 0,
  /** Whether the host is told when a kernel has ended. */
  ticks: 1,
  /** The address of the control words, and how many threads run the program. */
  control: 2,
  threads: 3,
  /** The addresses of the residents, from here on. */
  residents: 4,
} as const;

/** A kernel with less work than this, in nanoseconds of one core, is left to one thread: meeting costs more. */
const WORTH_DIVIDING = 4000;

/** From so much on, threads that have done their part of a kernel help others. */
const WORTH_HELPING = 50_000;

/** What a core does in a nanosecond, roughly: what decides who runs a kernel need not be exact. */
const FLOPS = 20;
const BYTES = 10;

/** How long one core takes for a kernel, roughly, in nanoseconds. */
function estimate({ flops, bytes }: KernelCost, { body }: Kernel): number {
  return Math.max(flops / FLOPS, bytes / BYTES, sortingTime(body));
}

/**
 * A whole program as one module: `run(table, thread)` runs all kernels, or a thread's part of them. The table lies in
 * memory, so one module serves any variables of the right shapes, and any number of threads.
 */
export function assembleProgram(
  original: Program,
  { relaxed, tileForms, sharedPages, threads: mostThreads }: ModuleOptions,
): ProgramModule {
  const { program, origins } = inStages(original);
  const pages = sharedPages ?? MOST_PAGES;
  const residentBytes = bytesOfResidents(program);
  checkFits(residentBytes + program.arenaBytes, pages);
  const module = new ModuleBuilder(relaxed);
  const imports = Object.fromEntries(
    IMPORTS.map((name) => {
      const parameters = name === 'pow' ? (['f64', 'f64'] as const) : (['f64'] as const);
      return [name, module.importFunction('math', name, parameters, ['f64'])];
    }),
  ) as ImportIndices;
  const tick = module.importFunction('host', 'tick', ['i32'], []);
  module.importMemory('host', 'memory', {
    initial: 1,
    maximum: pages,
    shared: sharedPages !== undefined,
  });
  const shared = new SharedFunctions(module);
  const [table, thread, scratch] = [0, 1, 2];
  const run = module.function(['i32', 'i32'], [], 'run');
  const loadInto = (f: FunctionBuilder, word: number): number => {
    const local = f.local('i32');
    f.get(table)
      .memory('i32.load', word * 4)
      .set(local);
    return local;
  };
  const ticks = loadInto(run, TABLE.ticks);
  const threads = loadInto(run, TABLE.threads);
  const isFirst = (): FunctionBuilder => run.get(thread).op('i32.eqz');
  const emitTick = (kernel: number): void => {
    isFirst().get(ticks).op('i32.and').if().i32Const(kernel).call(tick).end();
  };
  const emitBarrier = (): void => {
    const barrier = shared.function('barrier', ['i32', 'i32'], writeBarrier);
    run.get(threads).i32Const(1).op('i32.gt_u').if();
    run
      .get(table)
      .memory('i32.load', TABLE.control * 4)
      .get(threads)
      .call(barrier)
      .end();
  };
  const arenaOfRun = loadInto(run, TABLE.arena);
  const gaps = new Gaps(program);
  emitTick(-1);
  let isAlone = true;
  const times = kernelCosts(program).map((cost, number) => estimate(cost, program.kernels[number]));
  const planning = { tileForms, borders: bordersOf(program) };
  for (const [number, kernel] of program.kernels.entries()) {
    const f = module.function(['i32', 'i32', 'i32'], []);
    const loops = times[number] < WORTH_DIVIDING ? [] : nestOf(kernel.body).loops;
    const arena = loadInto(f, TABLE.arena);
    let kept = 0;
    const bases = program.buffers.map(({ role, slot, offset, length, dtype }, buffer) => {
      if (!gaps.users[buffer].includes(number)) return arena;
      if (role === 'resident') return loadInto(f, TABLE.residents + slot);
      if (role !== 'scratch') return arena;
      kept = Math.max(kept, aligned(offset + length * bytesPerElement(dtype)));
      return scratch;
    });
    const share =
      loops.length === 0
        ? undefined
        : {
            ...{ thread, threads: loadInto(f, TABLE.threads), control: loadInto(f, TABLE.control) },
            loops,
            most: mostThreads,
            helps: times[number] >= WORTH_HELPING,
          };
    const context = new CodeContext(f, {
      ...{ imports, buffers: program.buffers, bases, kept, scratch, planning, shared, share },
    });
    emitStatements(context, kernel.body);
    const scratchBytes = aligned(context.scratchBytes);
    const place = gaps.place(number, scratchBytes * (context.isDivided ? mostThreads : 1));
    checkFits(residentBytes + gaps.bytes, pages);
    // Threads meet where one may need what another has written: between kernels, but not between two of one thread.
    if (number > 0 && !(isAlone && !context.isDivided)) emitBarrier();
    if (number > 0 && origins[number - 1] !== origins[number]) emitTick(origins[number - 1]);
    isAlone = !context.isDivided;
    if (isAlone) isFirst().if();
    run.get(table).get(thread).get(arenaOfRun).plus(place);
    if (context.isDivided) run.get(thread).times(scratchBytes).op('i32.add');
    run.call(f.index);
    if (isAlone) run.end();
  }
  emitBarrier();
  emitTick(original.kernels.length - 1);
  const work = times.reduce((sum, time) => sum + time, 0);
  return { bytes: module.finish(), arenaBytes: gaps.bytes, work };
}

function bytesOfResidents({ buffers }: Program): number {
  // Where a variable is overwritten, two buffers are the same memory.
  const sizes = buffers
    .filter(({ role }) => role === 'resident')
    .map(({ slot, dtype, length }) => [slot, length * bytesPerElement(dtype)] as const);
  return [...new Map(sizes).values()].reduce((sum, bytes) => sum + bytes, 0);
}
