import type {
  Backend,
  Bindings,
  Ceilings,
  DType,
  Executable,
  Program,
  Results,
  Storage,
  TypedArray,
} from '@downhill/tensor';
import { BackendError, bytesPerElement, sizeOf, viewArray } from '@downhill/tensor';
import { ModuleBuilder, type FunctionBuilder } from './assembler.js';
import { IMPORTS } from './imports.js';
import { Memory } from './memory.js';
import { assembleProgram, TABLE } from './program-module.js';
import { measureCeilings } from './ceilings.js';

class WasmStorage implements Storage {
  readonly dtype: DType;
  readonly length: number;
  readonly owner: WasmBackend;
  readonly offset: number;

  constructor(dtype: DType, length: number, owner: WasmBackend, offset: number) {
    this.dtype = dtype;
    this.length = length;
    this.owner = owner;
    this.offset = offset;
  }
}

/** One region that all programs of a backend share, replaced by a larger one when a program needs it. */
class Region {
  readonly #memory: Memory;
  #bytes = 0;
  offset = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    const offset = this.#memory.allocate(bytes);
    if (this.#bytes > 0) this.#memory.free(this.offset, this.#bytes);
    this.offset = offset;
    this.#bytes = bytes;
  }
}

class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly memory = new Memory();
  readonly arena = new Region(this.memory);
  readonly scratch = new Region(this.memory);
  readonly table = new Region(this.memory);
  #ceilings: Ceilings | undefined;
  readonly relaxed = accepts((f) => f.f32x4Const(0).f32x4Const(0).f32x4Const(0).op('f32x4.relaxed_madd'));

  compile(program: Program): Executable {
    return new WasmExecutable(this, program);
  }

  allocate(dtype: DType, length: number): Storage {
    return new WasmStorage(dtype, length, this, this.memory.allocate(length * bytesPerElement(dtype)));
  }

  write(storage: Storage, values: TypedArray): void {
    this.#view(storage).set(values);
  }

  read(storage: Storage): TypedArray {
    return this.#view(storage).slice();
  }

  free(storage: Storage): void {
    this.memory.free(this.offsetOf(storage), storage.length * bytesPerElement(storage.dtype));
  }

  ceilings(): Ceilings {
    this.#ceilings ??= measureCeilings();
    return this.#ceilings;
  }

  offsetOf(storage: Storage): number {
    if (!(storage instanceof WasmStorage) || storage.owner !== this) {
      throw new BackendError('wasm: the storage of a variable belongs to another backend');
    }
    return storage.offset;
  }

  #view(storage: Storage): TypedArray {
    return viewArray(storage.dtype, this.memory.memory.buffer, this.offsetOf(storage), storage.length);
  }
}

class WasmExecutable implements Executable {
  readonly #backend: WasmBackend;
  readonly #program: Program;
  readonly #scratchBytes: number;
  readonly #run: (table: number) => void;
  readonly #flags: number;
  readonly #scalars: number;
  /** Views of inputs and scalars in the arena, for as long as the memory and the arena stay where they are. */
  #tick: ((kernel: number) => void) | undefined;
  #views: { buffer: ArrayBufferLike; arena: number; of: Map<number, TypedArray> } | undefined;

  constructor(backend: WasmBackend, program: Program) {
    this.#backend = backend;
    this.#program = program;
    this.#flags = program.buffers.findIndex(({ role }) => role === 'flags');
    this.#scalars = program.buffers.findIndex(({ role }) => role === 'scalars');
    const { bytes, scratchBytes } = assembleProgram(program, backend);
    this.#scratchBytes = scratchBytes;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      math: IMPORTS,
      host: { memory: backend.memory.memory, tick: (kernel: number) => this.#tick?.(kernel) },
    });
    this.#run = exports.run as (table: number) => void;
  }

  run({ inputs, scalars, residents }: Bindings, tick?: (kernel: number) => void): Results {
    const { arena, scratch, table, memory } = this.#backend;
    const { arenaBytes, outputs, checks } = this.#program;
    arena.reserve(arenaBytes);
    scratch.reserve(this.#scratchBytes);
    const words = TABLE.residents + residents.length;
    table.reserve(4 * words);
    const addresses = new Int32Array(memory.memory.buffer, table.offset, words);
    addresses[TABLE.arena] = arena.offset;
    addresses[TABLE.scratch] = scratch.offset;
    addresses[TABLE.ticks] = tick === undefined ? 0 : 1;
    this.#tick = tick;
    residents.forEach((storage, slot) => {
      addresses[TABLE.residents + slot] = this.#backend.offsetOf(storage);
    });
    inputs.forEach((values, slot) => {
      this.#view(this.#program.inputs[slot].buffer).set(values);
    });
    if (scalars.length > 0) this.#view(this.#scalars).set(scalars);
    if (checks.length > 0) this.#view(this.#flags).fill(0);
    this.#run(table.offset);
    const failed = checks.length > 0 ? this.#view(this.#flags).indexOf(1) : -1;
    return {
      outputs: outputs.map(({ buffer, shape }) => this.#view(buffer).slice(0, sizeOf(shape))),
      failedCheck: failed < 0 ? undefined : failed,
    };
  }

  #view(buffer: number): TypedArray {
    const { arena, memory } = this.#backend;
    if (this.#views?.buffer !== memory.memory.buffer || this.#views.arena !== arena.offset) {
      this.#views = { buffer: memory.memory.buffer, arena: arena.offset, of: new Map() };
    }
    const known = this.#views.of.get(buffer);
    if (known !== undefined) return known;
    const { dtype, offset, length } = this.#program.buffers[buffer];
    const view = viewArray(dtype, memory.memory.buffer, arena.offset + offset, length);
    this.#views.of.set(buffer, view);
    return view;
  }
}

/** Whether the engine accepts what `write` emits: code that leaves one vector. */
function accepts(write: (f: FunctionBuilder) => void): boolean {
  const module = new ModuleBuilder();
  write(module.function([], ['v128']));
  return WebAssembly.validate(module.finish());
}

/**
 * A backend that runs each program as one WebAssembly module, written for its shapes. Throws a BackendError where the
 * engine has no WebAssembly or no 128-bit SIMD.
 */
export function wasm(): Promise<Backend> {
  return new Promise((resolve) => {
    if (typeof WebAssembly !== 'object') {
      throw new BackendError('wasm: this engine has no WebAssembly; use the portable backend');
    }
    if (!accepts((f) => f.f32x4Const(0))) {
      throw new BackendError(
        'wasm: this engine has no 128-bit SIMD for WebAssembly; use the portable backend',
      );
    }
    resolve(new WasmBackend());
  });
}
