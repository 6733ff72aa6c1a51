import * as contraction from './ops/contraction.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as movement from './ops/movement.js';
import * as reduction from './ops/reduction.js';
import type { Tensor, TensorLike } from './tensor.js';

/** The operations that are methods too. */
const METHODS = {
  add: elementwise.add,
  sub: elementwise.sub,
  mul: elementwise.mul,
  div: elementwise.div,
  pow: elementwise.pow,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  clip: elementwise.clip,
  neg: elementwise.neg,
  abs: elementwise.abs,
  sign: elementwise.sign,
  square: elementwise.square,
  sqrt: elementwise.sqrt,
  rsqrt: elementwise.rsqrt,
  reciprocal: elementwise.reciprocal,
  exp: elementwise.exp,
  log: elementwise.log,
  sin: elementwise.sin,
  cos: elementwise.cos,
  tanh: elementwise.tanh,
  sigmoid: elementwise.sigmoid,
  relu: elementwise.relu,
  floor: elementwise.floor,
  ceil: elementwise.ceil,
  round: elementwise.round,
  equal: elementwise.equal,
  notEqual: elementwise.notEqual,
  less: elementwise.less,
  lessEqual: elementwise.lessEqual,
  greater: elementwise.greater,
  greaterEqual: elementwise.greaterEqual,
  cast: elementwise.cast,
  sum: reduction.sum,
  mean: reduction.mean,
  prod: reduction.prod,
  max: reduction.max,
  min: reduction.min,
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
  /** @internal */
  abstract asTensor(): Tensor;
}

for (const [name, operation] of Object.entries(METHODS)) {
  Object.defineProperty(OperandBase.prototype, name, {
    value: function (this: OperandBase, ...rest: never[]): Tensor {
      return (operation as (x: Tensor, ...rest: never[]) => Tensor)(this.asTensor(), ...rest);
    },
  });
}

/** The common operations as methods. */
export type Methods = { readonly [Name in keyof typeof METHODS]: AsMethod<(typeof METHODS)[Name]> };

/**
 * What tensors and variables have in common: the usual operations as methods. Each is the free function of the same
 * name with this as its first argument; what it does is said there.
 */
export const Operand = OperandBase as abstract new () => OperandBase & Methods;
