import type { Backend, Bindings, Executable, Results, Storage } from '../backend.js';
import type { DType, TypedArray } from '../dtype.js';
import { allocateArray, viewArray } from '../dtype.js';
import { BackendError } from '../errors.js';
import type { Buffer, Program } from '../lowering/program.js';
import type { Machine, Step } from './scope.js';
import { Scope } from './scope.js';
import { compileStatements } from './statements.js';

/** Memory of the portable backend: an ordinary typed array, left to the garbage collector when freed. */
export class PortableStorage implements Storage {
  values: TypedArray;

  constructor(
    readonly dtype: DType,
    readonly length: number,
  ) {
    this.values = allocateArray(dtype, length);
  }
}

function own(storage: Storage): PortableStorage {
  if (storage instanceof PortableStorage) return storage;
  throw new BackendError(
    'portable: a variable is stored on another backend; read it there and write it here',
  );
}

/** Memory for what is not a variable, shared by all programs of a backend: none keeps anything in it between runs. */
class Arena {
  memory = new ArrayBuffer(0);

  reserve(bytes: number): void {
    if (bytes > this.memory.byteLength) this.memory = new ArrayBuffer(bytes);
  }
}

class PortableExecutable implements Executable {
  private readonly machine: Machine;
  private readonly kernels: Step[];
  private memory: ArrayBuffer | undefined;

  constructor(
    private readonly program: Program,
    private readonly arena: Arena,
  ) {
    this.machine = { buffers: program.buffers, views: [], counters: [] };
    this.kernels = program.kernels.map(({ label, body }) => {
      try {
        const scope = new Scope(this.machine);
        compileStatements(body, scope);
        return scope.run;
      } catch (cause) {
        throw new BackendError(`portable: kernel '${label}' cannot run`, { cause });
      }
    });
    arena.reserve(program.arenaBytes);
  }

  run({ inputs, scalars, residents }: Bindings, tick?: (kernel: number) => void): Results {
    this.bindArena();
    const { program, machine } = this;
    program.buffers.forEach(({ role, slot }, i) => {
      if (role === 'resident') machine.views[i] = own(residents[slot]).values;
      else if (role === 'scalars') machine.views[i].set(scalars);
      else if (role === 'flags') machine.views[i].fill(0);
    });
    program.inputs.forEach(({ buffer }, i) => {
      machine.views[buffer].set(inputs[i]);
    });
    tick?.(-1);
    this.kernels.forEach((kernel, i) => {
      kernel(1);
      tick?.(i);
    });
    const outputs = program.outputs.map(({ buffer }) => machine.views[buffer].slice());
    return { outputs, failedCheck: this.failedCheck() };
  }

  /** The arena may have been replaced by a larger one. */
  private bindArena(): void {
    const { memory } = this.arena;
    if (this.memory === memory) return;
    this.memory = memory;
    this.program.buffers.forEach(({ role, dtype, offset, length }: Buffer, i) => {
      if (role !== 'resident') this.machine.views[i] = viewArray(dtype, memory, offset, length);
    });
  }

  private failedCheck(): number | undefined {
    const flags = this.program.buffers.findIndex(({ role }) => role === 'flags');
    if (flags < 0) return undefined;
    const failed = this.machine.views[flags].findIndex((flag: number) => flag !== 0);
    return failed < 0 ? undefined : failed;
  }
}

/**
 * The backend that runs everywhere, under any content-security policy: plain TypeScript, no code generation, no
 * WebAssembly. Its results are what other backends are tested against: sums and products are accumulated in float64.
 */
export function portable(): Backend {
  const arena = new Arena();
  return {
    name: 'portable',
    compile: (program) => new PortableExecutable(program, arena),
    allocate: (dtype, length) => new PortableStorage(dtype, length),
    write: (storage, values) => {
      own(storage).values.set(values);
    },
    read: (storage) => own(storage).values.slice(),
    free: (storage) => {
      own(storage).values = allocateArray(storage.dtype, 0);
    },
  };
}
