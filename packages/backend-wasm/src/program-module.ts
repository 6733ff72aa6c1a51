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

/**
 * A whole program as one module: `run(table)` runs all kernels. The table, in memory, holds the address of the arena, of
 * the scratch memory and of each resident, so one module serves any variables of the right shapes.
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
  module.importMemory('host', 'memory', { initial: 1, maximum: 65536 });
  const shared = new SharedFunctions(module);
  const run = module.function(['i32'], [], 'run');
  let scratchBytes = 0;
  for (const kernel of program.kernels) {
    const f = module.function(['i32'], []);
    const load = (slot: number): number => {
      const local = f.local('i32');
      f.get(0)
        .memory('i32.load', slot * 4)
        .set(local);
      return local;
    };
    const arena = load(0);
    const scratch = load(1);
    const touched = new Set(accessesIn(kernel.body).map(({ buffer }) => buffer));
    const residents = new Map<number, number>();
    const bases = program.buffers.map(({ role, slot }, buffer) => {
      if (role !== 'resident') return arena;
      if (!touched.has(buffer)) return arena;
      const local = residents.get(slot) ?? load(2 + slot);
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
  }
  return { bytes: module.finish(), scratchBytes };
}
