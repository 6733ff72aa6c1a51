import type { DType, TypedArray } from './dtype.js';
import { describe } from './describe.js';
import { BackendError } from './errors.js';
import type { Program } from './lowering/program.js';
import { portable } from './portable/portable.js';

/** Memory for one variable, owned by the backend that allocated it. */
export interface Storage {
  readonly dtype: DType;
  /** In elements. */
  readonly length: number;
}

/** What one run of a program is given. */
export interface Bindings {
  /** One array an input, of the input's dtype and size; copied in. */
  readonly inputs: readonly TypedArray[];
  /** The value of each scalar. */
  readonly scalars: readonly number[];
  /** The storage of each resident; the program may overwrite it. */
  readonly residents: readonly Storage[];
}

/** What one run gives back. */
export interface Results {
  /** One array an output, fresh: the caller may keep it. */
  readonly outputs: readonly TypedArray[];
  /** The number of the first check that failed, if one did. */
  readonly failedCheck: number | undefined;
}

/** A program made ready to run. It holds no variables: one executable serves every model of the same structure. */
export interface Executable {
  /** Runs the program once; `tick`, where it is given, is called with -1 before the kernels, and with each kernel's number after it. */
  run(bindings: Bindings, tick?: (kernel: number) => void): Results;
}

/** What runs programs and holds variables. A backend outside this package implements exactly this. */
export interface Backend {
  readonly name: string;
  /** Makes a program executable; throws a BackendError, naming the kernel, for what it cannot run. */
  compile(program: Program): Executable;
  /** Zeroed memory for a variable. */
  allocate(dtype: DType, length: number): Storage;
  write(storage: Storage, values: TypedArray): void;
  /** A copy of what is stored. */
  read(storage: Storage): TypedArray;
  free(storage: Storage): void;
  /** What the machine can do at most, as far as this backend can use it; measured when first asked for. */
  ceilings?(): Ceilings;
}

/** What kernels are compared with: a roofline. */
export interface Ceilings {
  /** Arithmetic operations a second, a multiply-add counting two. */
  readonly flops: number;
  /** Bytes loaded and stored a second. */
  readonly bytes: number;
}

const METHODS = ['compile', 'allocate', 'write', 'read', 'free'] as const;

let current: Backend | undefined;

/** Makes all that follows run on `backend`. Variables move there when they are next used. */
export function setBackend(backend: Backend): void {
  const given = backend as Partial<Backend> | undefined | null;
  const missing = METHODS.filter((method) => typeof given?.[method] !== 'function');
  if (missing.length > 0) {
    throw new BackendError(
      `setBackend: expected a backend, got ${given?.name ?? describe(given)} without ${missing.join(', ')}; ` +
        'await what makes one, as in setBackend(await wasm())',
    );
  }
  current = backend;
}

/** The backend in use: the one set last, or the portable one. */
export function getBackend(): Backend {
  return (current ??= portable());
}
