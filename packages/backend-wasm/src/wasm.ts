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
// In an order in which like code comes together: the bundle compresses better.
import { assembleProgram, TABLE } from './program-module.js';
import { Pace } from './pace.js';
import type { TileForms } from './contraction/tile-forms.js';
import { timeTileForms } from './contraction/tile-forms.js';
import { measureCeilings } from './ceilings.js';
import { Memory } from './memory.js';
import { adoptFlags, UNASKED, type Engine } from './engine-flags.js';
import { hasVectors, isRelaxed } from './features.js';
import { canShare, countCores, Threads } from './threads.js';

class WasmStorage implements Storage {
  readonly dtype: DType;
  readonly length: number;
  readonly owner: Wasm;
  readonly offset: number;

  constructor(dtype: DType, length: number, owner: Wasm, offset: number) {
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
    // Nothing is kept in it between runs: what it had may become part of what it gets.
    if (this.#bytes > 0) this.#memory.free(this.offset, this.#bytes);
    this.#bytes = 0;
    this.offset = this.#memory.allocate(bytes);
    this.#bytes = bytes;
  }
}

/** A backend that runs programs as WebAssembly. */
export interface WasmBackend extends Backend {
  /** How many threads run a program that is worth it: the one that calls, and workers. */
  readonly threads: number;
  /** Whether the engine has relaxed multiply-add, which processors that can do fuse. */
  readonly relaxed: boolean;
  /** What has been made of `engineFlags`. */
  readonly engine: Engine;
  /** Ends the workers; what is run from then on runs on one thread. */
  close(): void;
}

export class Wasm implements WasmBackend {
  readonly name = 'wasm';
  readonly memory: Memory;
  readonly arena: Region;
  readonly table: Region;
  readonly relaxed = isRelaxed();
  readonly tileForms: TileForms;
  readonly engine: Engine;
  workers: Threads | undefined;
  #ceilings: Ceilings | undefined;
  #programs = 0;

  constructor(shared: boolean, engine: Engine, tileForms: TileForms) {
    this.engine = engine;
    this.tileForms = tileForms;
    this.memory = new Memory(shared);
    this.arena = new Region(this.memory);
    this.table = new Region(this.memory);
    this.sharedPages = shared ? this.memory.maximum : undefined;
  }

  readonly sharedPages: number | undefined;

  get threads(): number {
    return this.workers?.isUsable === true ? this.workers.count : 1;
  }

  compile(program: Program): Executable {
    return new WasmExecutable(this, program, this.#programs++);
  }

  close(): void {
    this.workers?.close();
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

/** A program with less work than this, in nanoseconds of one core, runs on one thread. */
const WORTH_SHARING = 50_000;

const MOST_THREADS = 64;

class WasmExecutable implements Executable {
  readonly #backend: Wasm;
  readonly #program: Program;
  readonly #arenaBytes: number;
  readonly #run: (table: number, thread: number) => void;
  readonly #module: Uint8Array<ArrayBuffer>;
  readonly #number: number;
  /** Where it has enough work for several threads: whether they gain anything now. */
  readonly #pace: Pace | undefined;
  readonly #flags: number;
  readonly #scalars: number;
  /** Views of inputs and scalars in the arena, for as long as the memory and the arena stay where they are. */
  #tick: ((kernel: number) => void) | undefined;
  #views: { buffer: ArrayBufferLike; arena: number; of: Map<number, TypedArray> } | undefined;

  constructor(backend: Wasm, program: Program, number: number) {
    this.#backend = backend;
    this.#program = program;
    this.#flags = program.buffers.findIndex(({ role }) => role === 'flags');
    this.#scalars = program.buffers.findIndex(({ role }) => role === 'scalars');
    const { bytes, arenaBytes, work } = assembleProgram(program, backend);
    this.#arenaBytes = arenaBytes;
    this.#module = bytes;
    this.#number = number;
    this.#pace = work >= WORTH_SHARING ? new Pace() : undefined;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      math: Math as unknown as WebAssembly.ModuleImports,
      host: { memory: backend.memory.memory, tick: (kernel: number) => this.#tick?.(kernel) },
    });
    this.#run = exports.run as (table: number, thread: number) => void;
  }

  run({ inputs, scalars, residents }: Bindings, tick?: (kernel: number) => void): Results {
    const { arena, table, memory } = this.#backend;
    const { outputs, checks } = this.#program;
    const workers = this.#pace === undefined ? undefined : this.#backend.workers;
    const fault = workers?.takeFault();
    if (fault !== undefined) {
      throw new BackendError(
        `wasm: a worker has died: ${fault}. Nothing was run; the backend goes on with one thread`,
      );
    }
    const usable = workers?.isUsable === true ? workers : undefined;
    const sharing = this.#pace?.isShared(tick === undefined) === true ? usable : undefined;
    const threads = sharing?.count ?? 1;
    arena.reserve(this.#arenaBytes);
    const words = TABLE.residents + residents.length;
    table.reserve(4 * words);
    const addresses = new Int32Array(memory.memory.buffer, table.offset, words);
    addresses[TABLE.arena] = arena.offset;
    addresses[TABLE.control] = workers?.control ?? 0;
    addresses[TABLE.threads] = threads;
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
    const run = (): void => {
      this.#run(table.offset, 0);
    };
    // Where there is no choice, no clock is read: the smallest programs take some microseconds.
    const start = usable === undefined ? 0 : performance.now();
    if (sharing === undefined) run();
    else sharing.run(this.#number, this.#module, table.offset, run);
    if (usable !== undefined && tick === undefined) this.#pace?.ran(performance.now() - start);
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

/** The forms of tiles found to be the fastest, by the engine's flag. */
const timedForms = new Map<string | undefined, TileForms>();

export interface WasmOptions {
  /**
   * How many threads may run a program, this one included; all cores (up to 8) by default. Results do not depend on it. In
   * a page several need cross-origin isolation and a worker to call from: elsewhere one thread is used.
   */
  readonly threads?: number;
  /** Where the file `worker.js` of this package is, if a bundler has put it elsewhere. */
  readonly workerUrl?: URL;
  /**
   * In Node, also uses a flag of its engine that is still called experimental: relaxed SIMD on Node 20, 256-bit vectors on
   * Node 24. It holds for the whole process. Products, convolutions and gradients by weights are tried at once, for a second:
   * unless all come out right with it and faster, it is taken back; the backend's `engine` tells. False by default.
   */
  readonly engineFlags?: boolean;
}

/**
 * A backend that runs each program as one WebAssembly module, written for its shapes, on several threads where that pays.
 * Throws a BackendError where the engine has no WebAssembly or no 128-bit SIMD, for a number of threads that is none, and
 * where a worker does not start, and for engine flags outside Node.
 */
export async function wasm({
  threads,
  workerUrl,
  engineFlags = false,
}: WasmOptions = {}): Promise<WasmBackend> {
  if (typeof WebAssembly !== 'object' || !hasVectors()) {
    throw new BackendError(
      'wasm: this engine has no WebAssembly with 128-bit SIMD; use the portable backend',
    );
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new BackendError(
      `wasm: threads: expected a whole number from 1 to ${MOST_THREADS}, got ${String(threads)}`,
    );
  }
  const count = canShare() ? (threads ?? (await countCores())) : 1;
  const engine = engineFlags
    ? await adoptFlags(() => new Wasm(false, UNASKED, timeTileForms(isRelaxed())))
    : UNASKED;
  const tileForms = timedForms.get(engine.flag) ?? timeTileForms(isRelaxed());
  timedForms.set(engine.flag, tileForms);
  const backend = new Wasm(count > 1, engine, tileForms);
  if (count > 1) {
    const url = workerUrl ?? new URL('./worker.js', import.meta.url);
    backend.workers = await Threads.start(backend.memory, count, url);
  }
  return backend;
}
