import type { DType, TypedArray } from './dtype.js';
import { stored } from './dtype.js';
import { TraceError } from './errors.js';
import { formatTensor } from './format.js';
import { Operand } from './operand.js';
import type { Operation } from './operation.js';
import type { Shape } from './shape.js';
import { formatShape } from './shape.js';
import type { Trace } from './trace.js';
import { currentTrace } from './trace.js';
import type { Variable } from './variable.js';

const TENSOR: unique symbol = Symbol.for('@downhill/Tensor') as never;

/** What operations take: a tensor, a variable (its value), or a number, which takes the dtype of its partner. */
export type TensorLike = Tensor | Variable | number;

/** Numbers nested as deep as the tensor's rank; booleans where the dtype is bool. */
export type NestedArray = number | boolean | readonly NestedArray[];

/**
 * An immutable array that may not have been computed yet: a node of a graph. Operations return new tensors at once
 * and check shapes and dtypes there; elements are computed when they are read, or by a compiled function.
 * Make one with `tensor(...)` and the other creation functions.
 */
export class Tensor extends Operand {
  readonly [TENSOR] = true;
  override readonly shape: Shape;
  override readonly dtype: DType;
  /** What this node does with its {@link inputs}. */
  readonly operation: Operation;
  #inputs: readonly Tensor[];
  /** A float64 scalar that takes the dtype of its partner, as a number does. */
  readonly weak: boolean;
  /** The trace in which this node was made, if any. @internal */
  readonly trace: Trace | undefined;
  /** The elements, once known. @internal */
  value: TypedArray | undefined = undefined;

  /** @internal */
  constructor(operation: Operation, inputs: readonly Tensor[], shape: Shape, dtype: DType, weak = false) {
    super();
    for (const input of inputs) input.checkUsable();
    this.operation = operation;
    this.#inputs = inputs;
    this.shape = shape;
    this.dtype = dtype;
    this.weak = weak;
    this.trace = currentTrace();
  }

  /** The nodes this one is computed from. */
  get inputs(): readonly Tensor[] {
    return this.#inputs;
  }

  /** Lets go of the graph behind a version whose value has been stored. @internal */
  release(): void {
    this.#inputs = [];
  }

  /** @internal */
  override asTensor(): Tensor {
    return this;
  }

  /** Throws if this node belongs to a trace that has ended. @internal */
  checkUsable(): void {
    if (this.trace?.closed && !this.value) {
      throw new TraceError(
        `a tensor of shape ${formatShape(this.shape)} made in a compiled function was used after it; ` +
          'return it, or assign it to a variable',
      );
    }
  }

  /** Shape, dtype and values (shortened); a tensor that is being traced shows no values. */
  override toString(): string {
    return formatTensor(this);
  }
}

/** Whether `value` is a tensor, of this or another copy of the package. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && TENSOR in value;
}

/** A concrete tensor that owns `value` from now on. @internal */
export function fromArray(value: TypedArray, shape: Shape, dtype: DType, weak = false): Tensor {
  const result = new Tensor({ name: 'data' }, [], shape, dtype, weak);
  result.value = value;
  return result;
}

/** One number, repeated to a shape. @internal */
export function constant(value: number, shape: Shape, dtype: DType, weak = false): Tensor {
  // Rounded here, so that folding a constant and loading it give the same bits.
  return new Tensor({ name: 'constant', value: stored(value, dtype) }, [], shape, dtype, weak);
}
