import type { DType, TypedArray } from './dtype.js';
import { ShapeError } from './errors.js';
import { evaluate } from './evaluate.js';
import { method, methods } from './method.js';
import type { BinaryName, ReductionName, UnaryName } from './operation.js';
import * as contraction from './ops/contraction.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as movement from './ops/movement.js';
import * as reduction from './ops/reduction.js';
import type { Shape } from './shape.js';
import { formatShape, sizeOf } from './shape.js';
import type { NestedArray, Tensor, TensorLike } from './tensor.js';

/** The operations that are methods too. */
const METHODS = {
  clip: elementwise.clip,
  square: elementwise.square,
  rsqrt: elementwise.rsqrt,
  reciprocal: elementwise.reciprocal,
  relu: elementwise.relu,
  greater: elementwise.greater,
  greaterEqual: elementwise.greaterEqual,
  cast: elementwise.cast,
  mean: reduction.mean,
  argmax: reduction.argmax,
  argmin: reduction.argmin,
  reshape: movement.reshape,
  transpose: movement.transpose,
  permute: movement.permute,
  expand: movement.expand,
  squeeze: movement.squeeze,
  unsqueeze: movement.unsqueeze,
  flip: movement.flip,
  slice: movement.slice,
  matmul: contraction.matmul,
  take: indexing.take,
};

/** A function of a tensor, as a method of that tensor. */
type AsMethod<F> = F extends (x: TensorLike, ...rest: infer Rest) => Tensor
  ? (...rest: Rest) => Tensor
  : never;

abstract class OperandBase {
  abstract readonly shape: Shape;
  abstract readonly dtype: DType;

  /** @internal */
  abstract asTensor(): Tensor;

  /** What it is and holds, in words. */
  abstract toString(): string;

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The elements in row-major order, as a copy. Works on every backend. */
  data(): Promise<TypedArray> {
    return new Promise((resolve) => {
      resolve(this.dataSync());
    });
  }

  /** The elements in row-major order, as a copy; throws on a backend that cannot answer at once. */
  dataSync(): TypedArray {
    return evaluate(this.asTensor()).slice();
  }

  /** The only element of a tensor of size 1; throws if there is not exactly one. */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: expected one element, got shape ${formatShape(this.shape)}; use toArray() or dataSync()`,
      );
    }
    return evaluate(this.asTensor())[0];
  }

  /** The elements as nested arrays (a plain number for a scalar); booleans where the dtype is bool. */
  toArray(): NestedArray {
    const values = evaluate(this.asTensor());
    const { shape, dtype } = this;
    let position = 0;
    const build = (axis: number): NestedArray => {
      if (axis === shape.length) {
        const value = values[position++];
        return dtype === 'bool' ? value !== 0 : value;
      }
      return Array.from({ length: shape[axis] }, () => build(axis + 1));
    };
    return build(0);
  }

  /** What `console.log` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

Object.setPrototypeOf(OperandBase.prototype, methods);
for (const [name, operation] of Object.entries(METHODS)) method(name, operation as (x: Tensor) => Tensor);

/** The common operations as methods. */
export type Methods = { readonly [Name in keyof typeof METHODS]: AsMethod<(typeof METHODS)[Name]> } & {
  readonly [Name in Extract<keyof typeof elementwise, UnaryName | BinaryName>]: AsMethod<
    (typeof elementwise)[Name]
  >;
} & { readonly [Name in ReductionName]: AsMethod<(typeof reduction)[Name]> };

/**
 * What tensors and variables have in common: how they are read, and the usual operations as methods. Each is the free function of the same
 * name with this as its first argument; what it does is said there.
 */
export const Operand = OperandBase as abstract new () => OperandBase & Methods;
