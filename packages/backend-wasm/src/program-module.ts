import type { Program } from '@downhill/tensor';
import { accessesIn, BackendError, DownhillError } from '@downhill/tensor';
import { ModuleBuilder } from './assembler.js';
import { CodeContext } from './code-context.js';
import type { ImportIndices, ImportName } from './imports.js';
import { IMPORTS } from './imports.js';
import { SharedFunctions } from './shared-functions.js';
import { emitStatements } from './statements.js';

export interface ProgramModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The scratch memory the kernels want beside the arena. */
  readonly scratchBytes: number;
}

/** What stands at which place of a program's table, in 32-bit words. */
export const TABLE = {
  /** The address of the arena. */
  arena: 0,
  /** The address of the scratch memory. */
  scratch: 1,
  /** Whether the host is told when a kernel has ended. */
  ticks: 2,
  /** The addresses of the residents, from here on. */
  residents: 3,
} as const;

/**
 * A whole program as one module: `run(table)` runs all kernels. The table lies in memory, so one module serves any
 * variables of the right shapes.
 */
export function assembleProgram(program: Program, { relaxed }: { readonly relaxed: boolean }): ProgramModule {
  const module = new ModuleBuilder();
  const names = Object.keys(IMPORTS) as ImportName[];
  const imports = Object.fromEntries(
    names.map((name) => {
      const parameters = name === 'pow' ? (['f64', 'f64'] as const) : (['f64'] as const);
      return [name, module.importFunction('math', name, parameters, ['f64'])];
    }),
  ) as ImportIndices;
  const tick = module.importFunction('host', 'tick', ['i32'], []);
  module.importMemory('host', 'memory', { initial: 1, maximum: 65536 });
  const shared = new SharedFunctions(module);
  const run = module.function(['i32'], [], 'run');
  const ticks = run.local('i32');
  run
    .get(0)
    .memory('i32.load', TABLE.ticks * 4)
    .set(ticks);
  const emitTick = (kernel: number): void => {
    run.get(ticks).if().i32Const(kernel).call(tick).end();
  };
  emitTick(-1);
  let scratchBytes = 0;
  for (const [number, kernel] of program.kernels.entries()) {
    const f = module.function(['i32'], []);
    const load = (slot: number): number => {
      const local = f.local('i32');
      f.get(0)
        .memory('i32.load', slot * 4)
        .set(local);
      return local;
    };
    const arena = load(TABLE.arena);
    const scratch = load(TABLE.scratch);
    const touched = new Set(accessesIn(kernel.body).map(({ buffer }) => buffer));
    const residents = new Map<number, number>();
    const bases = program.buffers.map(({ role, slot }, buffer) => {
      if (role !== 'resident') return arena;
      if (!touched.has(buffer)) return arena;
      const local = residents.get(slot) ?? load(TABLE.residents + slot);
      residents.set(slot, local);
      return local;
    });
    const context = new CodeContext(f, {
      imports,
      buffers: program.buffers,
      bases,
      scratch,
      relaxed,
      shared,
    });
    try {
      emitStatements(context, kernel.body);
    } catch (error) {
      if (!(error instanceof DownhillError)) throw error;
      throw new BackendError(`${error.message} (kernel '${kernel.label}')`);
    }
    scratchBytes = Math.max(scratchBytes, context.scratchBytes);
    run.get(0).call(f.index);
    emitTick(number);
  }
  return { bytes: module.finish(), scratchBytes };
}
