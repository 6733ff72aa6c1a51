import type { Shape } from './shape.js';
import type { Tensor } from './tensor.js';
import type { Variable } from './variable.js';

/** Elementwise operations of one operand. */
export type UnaryName =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'not';

/** Elementwise operations of two operands of one shape and dtype; comparisons give `bool`. */
export type BinaryName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual'
  | 'and'
  | 'or'
  | 'xor';

export type ReductionName = 'sum' | 'prod' | 'max' | 'min';

/**
 * What a node of the graph does with its inputs: plain data, keyed by `name`. These few are all there is:
 * everything else (matmul, softmax, convolution) is written with them, so derivatives, lowering and
 * backends know only these. Shapes and dtypes of inputs and result stand in the tensors themselves.
 */
export type Operation =
  /** A concrete tensor: its elements are in `Tensor.value`. */
  | { readonly name: 'data' }
  /** One number, repeated to the tensor's shape. */
  | { readonly name: 'constant'; readonly value: number }
  /** A version of a variable. With an input: that input, assigned but not yet stored. */
  | { readonly name: 'version'; readonly variable: Variable }
  /** An argument of a function that is being traced. */
  | { readonly name: 'argument'; readonly index: number }
  /** A float64 scalar that the host gives anew for each run. */
  | { readonly name: 'hostInput'; readonly read: () => number; readonly committed?: () => void }
  /** 0, 1, 2, ... along the only axis. */
  | { readonly name: 'iota' }
  /** The upper `bits` of the first or second word of Threefry-2x32, an int32; inputs (key[2], number of the draw). */
  | { readonly name: 'randomBits'; readonly word: 0 | 1; readonly bits: number }
  | { readonly name: UnaryName }
  | { readonly name: BinaryName }
  /** where(condition, a, b). */
  | { readonly name: 'where' }
  | { readonly name: 'cast' }
  /** The reduced axes are gone from the result. */
  | { readonly name: ReductionName; readonly axes: readonly number[] }
  /** The place of the first winner along an axis, which is gone from the result. */
  | { readonly name: 'argMax' | 'argMin'; readonly axis: number }
  | { readonly name: 'cumulativeSum'; readonly axis: number }
  | { readonly name: 'reshape' }
  /** Result axis i is input axis axes[i]. */
  | { readonly name: 'permute'; readonly axes: readonly number[] }
  /** NumPy's broadcast_to: new axes in front, extents of 1 repeated. */
  | { readonly name: 'expand' }
  /** Result element i along an axis is input element starts + i * steps; steps may be negative. */
  | { readonly name: 'slice'; readonly starts: readonly number[]; readonly steps: readonly number[] }
  /** `value` in front of and behind each axis. */
  | { readonly name: 'pad'; readonly before: readonly number[]; readonly value: number }
  | { readonly name: 'concat'; readonly axis: number }
  /** Each of `axes` becomes the count of windows; the windows themselves are new axes at the end, in the same order. */
  | ({ readonly name: 'windows' } & WindowGeometry)
  /** The adjoint of windows: overlapping windows are added up into the result's shape. */
  | ({ readonly name: 'foldWindows' } & WindowGeometry)
  /** result[..., i, ...] = input[..., indices[..., i, ...], ...] along an axis; inputs (source, indices). */
  | { readonly name: 'gather'; readonly axis: number }
  /** The adjoint of gather; inputs (indices, updates). */
  | { readonly name: 'scatterAdd'; readonly axis: number }
  /** The stable order along the last axis, as int32 places. */
  | { readonly name: 'argsort'; readonly descending: boolean }
  /** The first input, unless an element of the second (bool) is false: then the call fails with the message. */
  | { readonly name: 'check'; readonly message: string }
  /** The first input; no gradient passes. */
  | { readonly name: 'stopGradient' }
  /** The first input; its gradient goes to the other inputs as `derivative` says. */
  | { readonly name: 'customGradient'; readonly derivative: (gradient: Tensor) => readonly Tensor[] };

export type OperationName = Operation['name'];

/** The operation of one name, with its attributes. */
export type OperationOf<Name extends OperationName> = Extract<Operation, { readonly name: Name }>;

/** Sliding windows over `axes`: window i, element k is input element i * stride + k * dilation. One entry an axis. */
export interface WindowGeometry {
  readonly axes: readonly number[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/** How many windows fit an extent: 0 when it is shorter than one window. */
export function countWindows(extent: number, size: number, stride: number, dilation: number): number {
  return Math.max(0, Math.floor((extent - (size - 1) * dilation - 1) / stride) + 1);
}

/** The shape of windows over a tensor of `shape`. */
export function windowsShape(shape: Shape, { axes, size, stride, dilation }: WindowGeometry): number[] {
  const result = [...shape, ...size];
  axes.forEach((axis, i) => {
    result[axis] = countWindows(shape[axis], size[i], stride[i], dilation[i]);
  });
  return result;
}
