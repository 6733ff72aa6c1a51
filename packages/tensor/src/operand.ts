import type { DType } from './dtype.js';
import * as contraction from './ops/contraction.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as movement from './ops/movement.js';
import * as reduction from './ops/reduction.js';
import type { Axis, Shape } from './shape.js';
import type { Tensor, TensorLike } from './tensor.js';

type Axes = Axis | readonly Axis[];
type ReduceOptions = reduction.ReduceOptions;

/**
 * The common operations as methods, for tensors and variables alike. Each is the free function of the same name
 * with this as its first argument; what it does is said there.
 */
export abstract class Operand {
  /** @internal */
  abstract asTensor(): Tensor;

  add(other: TensorLike): Tensor {
    return elementwise.add(this.asTensor(), other);
  }
  sub(other: TensorLike): Tensor {
    return elementwise.sub(this.asTensor(), other);
  }
  mul(other: TensorLike): Tensor {
    return elementwise.mul(this.asTensor(), other);
  }
  div(other: TensorLike): Tensor {
    return elementwise.div(this.asTensor(), other);
  }
  pow(exponent: TensorLike): Tensor {
    return elementwise.pow(this.asTensor(), exponent);
  }
  maximum(other: TensorLike): Tensor {
    return elementwise.maximum(this.asTensor(), other);
  }
  minimum(other: TensorLike): Tensor {
    return elementwise.minimum(this.asTensor(), other);
  }
  clip(lower: TensorLike, upper: TensorLike): Tensor {
    return elementwise.clip(this.asTensor(), lower, upper);
  }
  neg(): Tensor {
    return elementwise.neg(this.asTensor());
  }
  abs(): Tensor {
    return elementwise.abs(this.asTensor());
  }
  sign(): Tensor {
    return elementwise.sign(this.asTensor());
  }
  square(): Tensor {
    return elementwise.square(this.asTensor());
  }
  sqrt(): Tensor {
    return elementwise.sqrt(this.asTensor());
  }
  rsqrt(): Tensor {
    return elementwise.rsqrt(this.asTensor());
  }
  reciprocal(): Tensor {
    return elementwise.reciprocal(this.asTensor());
  }
  exp(): Tensor {
    return elementwise.exp(this.asTensor());
  }
  log(): Tensor {
    return elementwise.log(this.asTensor());
  }
  sin(): Tensor {
    return elementwise.sin(this.asTensor());
  }
  cos(): Tensor {
    return elementwise.cos(this.asTensor());
  }
  tanh(): Tensor {
    return elementwise.tanh(this.asTensor());
  }
  sigmoid(): Tensor {
    return elementwise.sigmoid(this.asTensor());
  }
  relu(): Tensor {
    return elementwise.relu(this.asTensor());
  }
  floor(): Tensor {
    return elementwise.floor(this.asTensor());
  }
  ceil(): Tensor {
    return elementwise.ceil(this.asTensor());
  }
  round(): Tensor {
    return elementwise.round(this.asTensor());
  }
  equal(other: TensorLike): Tensor {
    return elementwise.equal(this.asTensor(), other);
  }
  notEqual(other: TensorLike): Tensor {
    return elementwise.notEqual(this.asTensor(), other);
  }
  less(other: TensorLike): Tensor {
    return elementwise.less(this.asTensor(), other);
  }
  lessEqual(other: TensorLike): Tensor {
    return elementwise.lessEqual(this.asTensor(), other);
  }
  greater(other: TensorLike): Tensor {
    return elementwise.greater(this.asTensor(), other);
  }
  greaterEqual(other: TensorLike): Tensor {
    return elementwise.greaterEqual(this.asTensor(), other);
  }
  cast(dtype: DType): Tensor {
    return elementwise.cast(this.asTensor(), dtype);
  }
  sum(options?: ReduceOptions): Tensor {
    return reduction.sum(this.asTensor(), options);
  }
  mean(options?: ReduceOptions): Tensor {
    return reduction.mean(this.asTensor(), options);
  }
  prod(options?: ReduceOptions): Tensor {
    return reduction.prod(this.asTensor(), options);
  }
  max(options?: ReduceOptions): Tensor {
    return reduction.max(this.asTensor(), options);
  }
  min(options?: ReduceOptions): Tensor {
    return reduction.min(this.asTensor(), options);
  }
  argmax(options?: reduction.ArgOptions): Tensor {
    return reduction.argmax(this.asTensor(), options);
  }
  argmin(options?: reduction.ArgOptions): Tensor {
    return reduction.argmin(this.asTensor(), options);
  }
  reshape(shape: Shape): Tensor {
    return movement.reshape(this.asTensor(), shape);
  }
  transpose(first?: Axis, second?: Axis): Tensor {
    return movement.transpose(this.asTensor(), first, second);
  }
  permute(axes: readonly Axis[]): Tensor {
    return movement.permute(this.asTensor(), axes);
  }
  expand(shape: Shape): Tensor {
    return movement.expand(this.asTensor(), shape);
  }
  squeeze(axes?: Axes): Tensor {
    return movement.squeeze(this.asTensor(), axes);
  }
  unsqueeze(axes: Axes): Tensor {
    return movement.unsqueeze(this.asTensor(), axes);
  }
  flip(axes?: Axes): Tensor {
    return movement.flip(this.asTensor(), axes);
  }
  slice(...ranges: readonly movement.Range[]): Tensor {
    return movement.slice(this.asTensor(), ...ranges);
  }
  matmul(other: TensorLike): Tensor {
    return contraction.matmul(this.asTensor(), other);
  }
  take(indices: TensorLike, options?: { axis?: Axis }): Tensor {
    return indexing.take(this.asTensor(), indices, options);
  }
}
