import type { Backend, Storage } from './backend.js';
import type { DType, TypedArray } from './dtype.js';
import { canHold, cannotHold } from './dtype.js';
import { DisposedError, DTypeError, ShapeError, TraceError } from './errors.js';
import { assignLater, isPending, run, runPending } from './evaluate.js';
import { asTensor, cast } from './ops/elementwise.js';
import { tensor } from './ops/creation.js';
import type { Shape } from './shape.js';
import { formatTensor } from './format.js';
import { formatShape, sameShape } from './shape.js';
import type { NestedArray, TensorLike } from './tensor.js';
import { fromArray, isTensor, Tensor } from './tensor.js';
import { Operand } from './operand.js';
import { currentTrace } from './trace.js';

const VARIABLE: unique symbol = Symbol.for('@downhill/Variable') as never;

export interface VariableOptions {
  /** How errors, `state()` and checkpoints call it; `variable` by default. */
  readonly name?: string;
  /** Whether `Module.parameters()` lists it; true by default. */
  readonly trainable?: boolean;
}

interface Home {
  readonly backend: Backend;
  readonly storage: Storage;
}

/** Frees the storage of variables that nobody reaches any more. */
const unreachable = new FinalizationRegistry<Home>(({ backend, storage }) => {
  backend.free(storage);
});

/**
 * The only thing that changes: a named cell that holds a tensor of fixed shape and dtype. It can stand wherever a
 * tensor can, and means its value at that moment. Initial values are computed when they are first needed.
 */
export class Variable extends Operand {
  readonly [VARIABLE] = true;
  readonly name: string;
  readonly trainable: boolean;
  override readonly shape: Shape;
  override readonly dtype: DType;
  /** What is to be stored: the initial value, or what was assigned and has not run yet. */
  #source: Tensor | undefined;
  /** The current version, if anybody has asked for it. */
  #version: Tensor | undefined;
  /** What it held before an assignment that is pending: what it falls back to if that cannot be computed. */
  #before: { readonly source: Tensor | undefined; readonly version: Tensor | undefined } | undefined;
  /** The version that is in storage, if anybody has asked for it: copied out before it is overwritten. */
  #stored: Tensor | undefined;
  #home: Home | undefined;
  #disposed = false;

  /** @internal */
  constructor(initial: Tensor, { name = 'variable', trainable = true }: VariableOptions) {
    super();
    this.name = name;
    this.trainable = trainable;
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.#source = initial;
  }

  /** @internal */
  override asTensor(): Tensor {
    return this.value;
  }

  /** The tensor it holds now; it stays what it is when the variable is assigned anew. */
  get value(): Tensor {
    this.checkAlive('read');
    const trace = currentTrace();
    if (!trace) return (this.#version ??= this.#makeVersion(this.#source));
    const known = trace.versions.get(this);
    if (known) return known;
    const version = this.#makeVersion(undefined);
    trace.versions.set(this, version);
    return version;
  }

  #makeVersion(source: Tensor | undefined): Tensor {
    const inputs = source ? [source] : [];
    const version = new Tensor({ name: 'version', variable: this }, inputs, this.shape, this.dtype);
    if (!source && !currentTrace()) this.#stored = version;
    return version;
  }

  /**
   * Makes it hold `value` (of its shape and dtype; a number takes its dtype) from now on. Outside a compiled function the
   * new value is computed with the next reading of anything; inside, it is stored when the function has returned.
   */
  assign(value: TensorLike): void {
    this.checkAlive('assign');
    const given = asTensor(value, `assign to ${this.name}`);
    given.checkUsable();
    const next = given.weak ? this.#fitNumber(given) : given;
    if (!sameShape(next.shape, this.shape)) {
      throw new ShapeError(
        `assign to ${this.name}: expected shape ${formatShape(this.shape)}, got ${formatShape(next.shape)}`,
      );
    }
    if (next.dtype !== this.dtype) {
      throw new DTypeError(`assign to ${this.name}: expected ${this.dtype}, got ${next.dtype}; use cast`);
    }
    const trace = currentTrace();
    if (trace) {
      trace.assigned.set(this, next);
      trace.versions.set(this, this.#makeVersion(next));
      return;
    }
    if (isPending(this)) runPending();
    this.#before = { source: this.#source, version: this.#version };
    this.#source = next;
    this.#version = undefined;
    // In place of an initial value that was never stored, nothing has to run.
    if (this.#home || !next.value) assignLater(this);
  }

  /** A number in this variable's dtype; one that is known and would be changed by that is an error. */
  #fitNumber(given: Tensor): Tensor {
    const { operation } = given;
    if (operation.name === 'constant' && !canHold(this.dtype, operation.value)) {
      throw cannotHold(this.dtype, operation.value, `assign to ${this.name}`);
    }
    return cast(given, this.dtype);
  }

  /** Its name and what it holds. */
  override toString(): string {
    return `variable ${this.name} ${this.#disposed ? '(disposed)' : formatTensor(this.value)}`;
  }

  /** Frees its memory at once; only loops that build many models need it. It cannot be used afterwards. */
  dispose(): void {
    if (this.#disposed) return;
    if (currentTrace()) {
      throw new TraceError(`dispose ${this.name}: expected outside a compiled function, got inside`);
    }
    if (isPending(this)) runPending();
    this.preserveOldVersion();
    this.#leaveHome();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Throws if it was disposed. @internal */
  checkAlive(action: string): void {
    if (this.#disposed) {
      throw new DisposedError(
        `${action} ${this.name} of shape ${formatShape(this.shape)}: the variable was disposed; build the model anew`,
      );
    }
  }

  // What follows is for the evaluation of graphs, not for users.

  /** What is to be stored: an assignment that is pending, or the initial value. @internal */
  get pendingSource(): Tensor {
    this.checkAlive('use');
    return this.#source ?? this.value;
  }

  /** Whether `version` is what lies in storage. @internal */
  holds(version: Tensor): boolean {
    return this.#stored === version;
  }

  /** Whether it has memory on some backend. @internal */
  get isStored(): boolean {
    return this.#home !== undefined;
  }

  /** Its memory on `backend`, moved there with its contents, or new and zeroed. @internal */
  storageOn(backend: Backend): Storage {
    this.checkAlive('use');
    const old = this.#home;
    if (old?.backend === backend) return old.storage;
    const storage = backend.allocate(this.dtype, this.size);
    if (old) backend.write(storage, old.backend.read(old.storage));
    this.#leaveHome();
    this.#home = { backend, storage };
    unreachable.register(this, this.#home, this);
    return storage;
  }

  /** Stores the initial value if that can be done without computing; else returns false. @internal */
  storeInitial(backend: Backend): boolean {
    const { value, operation } = this.pendingSource;
    // New storage holds zeros.
    const isZero = operation.name === 'constant' && Object.is(operation.value, 0);
    if (!value && !isZero) return false;
    const storage = this.storageOn(backend);
    if (value) backend.write(storage, value);
    this.stored();
    return true;
  }

  /** Takes back the initial value, which could not be computed. @internal */
  takeBack(source: Tensor): void {
    this.#leaveHome();
    this.#source = source;
    this.#stored = undefined;
  }

  /** Copies the stored version out, if somebody has it. @internal */
  preserveOldVersion(): void {
    if (this.#stored) this.#stored.value ??= this.readStorage();
    this.#stored = undefined;
  }

  /** The elements in storage, as a copy. @internal */
  readStorage(): TypedArray {
    if (!this.#home) throw new TypeError(`${this.name} is not stored`);
    return this.#home.backend.read(this.#home.storage);
  }

  /** Takes note that its pending or initial value lies in storage now, so that the graph it came from can go. @internal */
  stored(): void {
    this.#source = undefined;
    this.#before = undefined;
    this.#version?.release();
    this.#stored = this.#version;
  }

  /** Takes note that a compiled function stored a value of its own; a version handed out before keeps its graph. @internal */
  overwritten(): void {
    this.#source = undefined;
    this.#version = undefined;
  }

  /** Takes back the pending assignment, which could not be computed. @internal */
  revert(): void {
    this.#source = this.#before?.source;
    this.#version = this.#before?.version;
    this.#before = undefined;
  }

  #leaveHome(): void {
    if (!this.#home) return;
    unreachable.unregister(this);
    this.#home.backend.free(this.#home.storage);
    this.#home = undefined;
  }
}

/** Whether `value` is a variable, of this or another copy of the package. */
export function isVariable(value: unknown): value is Variable {
  return typeof value === 'object' && value !== null && VARIABLE in value;
}

/**
 * A variable that starts as `initial`: a tensor, another variable's value, a number (float32) or nested arrays.
 * Made while a function is being traced, its initial value must not depend on the function's arguments.
 */
export function variable(initial: TensorLike | NestedArray, options: VariableOptions = {}): Variable {
  const value = isTensor(initial) || isVariable(initial) ? asTensor(initial, 'variable') : tensor(initial);
  // Inside a trace the initial value is computed now, with the trace suspended: the trace will not outlive this call.
  return new Variable(currentTrace() ? concrete(value) : value, options);
}

function concrete(value: Tensor): Tensor {
  if (value.value) return value;
  runPending();
  return fromArray(run([value], [])[0], value.shape, value.dtype);
}
