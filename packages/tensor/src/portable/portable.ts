import type { Backend, Executable, Storage } from '../backend.js';
import type { TypedArray } from '../dtype.js';
import { allocateArray, viewArray } from '../dtype.js';
import { BackendError } from '../errors.js';
import type { Program } from '../lowering/program.js';
import type { Machine } from './scope.js';
import { Scope } from './scope.js';
import { compileStatements } from './statements.js';

/** Memory of the portable backend: an ordinary typed array, left to the garbage collector when freed. */
interface PortableStorage extends Storage {
  values: TypedArray;
}

function own(storage: Storage): PortableStorage {
  if ('values' in storage) return storage as PortableStorage;
  throw new BackendError('portable: a variable lies on another backend');
}

/**
 * The backend that runs everywhere, under any content-security policy: plain TypeScript, no code generation, no
 * WebAssembly. Its results are what other backends are tested against: sums and products are accumulated in float64.
 */
export function portable(): Backend {
  /** Memory for what is not a variable, shared by all programs: none keeps anything in it between runs. */
  let arena = new ArrayBuffer(0);

  const compile = ({ buffers, kernels, arenaBytes, inputs, outputs }: Program): Executable => {
    const views: TypedArray[] = [];
    const machine: Machine = { buffers, views, counters: [] };
    const steps = kernels.map(({ body }) => {
      const scope = new Scope(machine);
      compileStatements(body, scope);
      return scope.run;
    });
    if (arenaBytes > arena.byteLength) arena = new ArrayBuffer(arenaBytes);
    let bound: ArrayBuffer | undefined;
    return {
      run: (given, tick) => {
        let flags: TypedArray | undefined;
        buffers.forEach(({ role, slot, dtype, offset, length }, i) => {
          if (role === 'resident') views[i] = own(given.residents[slot]).values;
          // The arena may have been replaced by a larger one.
          else if (bound !== arena) views[i] = viewArray(dtype, arena, offset, length);
          if (role === 'scalars') views[i].set(given.scalars);
          if (role === 'flags') flags = views[i].fill(0);
        });
        bound = arena;
        inputs.forEach(({ buffer }, i) => {
          views[buffer].set(given.inputs[i]);
        });
        tick?.(-1);
        steps.forEach((step, i) => {
          step(1);
          tick?.(i);
        });
        const failed = flags?.findIndex((flag: number) => flag !== 0) ?? -1;
        return {
          outputs: outputs.map(({ buffer }) => views[buffer].slice()),
          failedCheck: failed < 0 ? undefined : failed,
        };
      },
    };
  };

  return {
    name: 'portable',
    compile,
    allocate: (dtype, length): PortableStorage => ({ dtype, length, values: allocateArray(dtype, length) }),
    write: (storage, values) => {
      own(storage).values.set(values);
    },
    read: (storage) => own(storage).values.slice(),
    free: (storage) => {
      own(storage).values = allocateArray(storage.dtype, 0);
    },
  };
}
