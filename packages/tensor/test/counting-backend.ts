import {
  portable,
  setBackend,
  type Backend,
  type Bindings,
  type DType,
  type Executable,
  type Program,
  type Results,
  type Storage,
  type TypedArray,
} from '@downhill/tensor';

/** The portable backend, with everything that is asked of it counted: a backend as a stranger would write it. */
export class CountingBackend implements Backend {
  readonly name = 'counting';
  readonly programs: Program[] = [];
  runs = 0;
  allocated = 0;
  written = 0;
  reads = 0;
  freed = 0;
  readonly #inner = portable();

  compile(program: Program): Executable {
    this.programs.push(program);
    const executable = this.#inner.compile(program);
    return {
      run: (bindings: Bindings): Results => {
        this.runs++;
        return executable.run(bindings);
      },
    };
  }

  allocate(dtype: DType, length: number): Storage {
    this.allocated++;
    return this.#inner.allocate(dtype, length);
  }

  write(storage: Storage, values: TypedArray): void {
    this.written++;
    this.#inner.write(storage, values);
  }

  read(storage: Storage): TypedArray {
    this.reads++;
    return this.#inner.read(storage);
  }

  free(storage: Storage): void {
    this.freed++;
    this.#inner.free(storage);
  }

  /** How many programs run during `action`. */
  runsDuring(action: () => void): number {
    const before = this.runs;
    action();
    return this.runs - before;
  }
}

/** A new counting backend, in use. */
export function useCountingBackend(): CountingBackend {
  const backend = new CountingBackend();
  setBackend(backend);
  return backend;
}
