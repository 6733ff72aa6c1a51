import { resultOf } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { method } from '../method.js';
import type { ReductionName } from '../operation.js';
import type { Axis } from '../shape.js';
import { formatShape, normalizeAxes, normalizeAxis, sizeOf } from '../shape.js';
import type { TensorLike } from '../tensor.js';
import { Tensor } from '../tensor.js';
import { asTensor, cast, div, exp, isFinite, log, square, sqrt, sub, where } from './elementwise.js';
import { reshape } from './movement.js';
import { stopGradient } from './marks.js';

export interface ReduceOptions {
  /** The axes to reduce; all by default. */
  readonly axis?: Axis | readonly Axis[];
  /** Whether reduced axes stay, with extent 1; false by default. */
  readonly keepDims?: boolean;
}

export interface ArgOptions {
  /** The axis to search; without it the tensor is searched flat, in row-major order. */
  readonly axis?: Axis;
  /** Whether the axis stays, with extent 1; false by default. */
  readonly keepDims?: boolean;
}

function reduction(
  name: ReductionName,
  kind: 'total' | 'ordering',
): (x: TensorLike, options?: ReduceOptions) => Tensor {
  return method(name, (x: TensorLike, { axis, keepDims = false }: ReduceOptions = {}) => {
    const input = operandOf(kind, x, name);
    // In ascending order, as the lowering wants them.
    const axes = normalizeAxes(axis, input.rank, name).sort((a, b) => a - b);
    if (kind === 'ordering') checkChoice(input, axes, name);
    const shape = input.shape.filter((_, each) => !axes.includes(each));
    const result = axes.length === 0 ? input : new Tensor({ name, axes }, [input], shape, input.dtype);
    return keepDims ? reshape(result, keptShape(input, axes)) : result;
  });
}

/** An operand in the dtype that operations of this kind compute in. */
function operandOf(kind: Parameters<typeof resultOf>[0], x: TensorLike, where: string): Tensor {
  const operand = asTensor(x, where);
  return cast(operand, resultOf(kind, operand.dtype));
}

function checkChoice({ shape }: Tensor, axes: readonly number[], where: string): void {
  if (axes.some((axis) => shape[axis] === 0)) {
    throw new ShapeError(
      `${where}: no elements to choose from along axes ${formatShape(axes)} of ${formatShape(shape)}`,
    );
  }
}

function keptShape(input: Tensor, axes: readonly number[]): number[] {
  return input.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}

/** The sum over axes; bool, uint8 and int32 add up in int32. Of nothing: 0. */
export const sum = reduction('sum', 'total');

/** The product over axes; of nothing: 1. */
export const prod = reduction('prod', 'total');

/** The largest element; NaN if any is. At a tie the gradient goes to the first. */
export const max = reduction('max', 'ordering');

/** The smallest element; NaN if any is. At a tie the gradient goes to the first. */
export const min = reduction('min', 'ordering');

/** Whether any element is true (not 0). */
export function any(x: TensorLike, options?: ReduceOptions): Tensor {
  return cast(sum(cast(asTensor(x, 'any'), 'bool'), options), 'bool');
}

/** Whether all elements are true (not 0). */
export function all(x: TensorLike, options?: ReduceOptions): Tensor {
  return cast(prod(cast(asTensor(x, 'all'), 'bool'), options), 'bool');
}

/** The arithmetic mean; integers in float32. Of nothing: NaN. */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const input = operandOf('floating', x, 'mean');
  return div(sum(input, options), countOf(input, options, 'mean'));
}

function countOf({ shape }: Tensor, { axis }: ReduceOptions, where: string): number {
  return sizeOf(normalizeAxes(axis, shape.length, where).map((each) => shape[each]));
}

export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the count in the divisor: 0 (default) the population's variance, 1 the sample's estimate. */
  readonly correction?: number;
}

/** The mean squared distance from the mean. */
export function variance(x: TensorLike, { correction = 0, ...options }: VarianceOptions = {}): Tensor {
  const input = operandOf('floating', x, 'variance');
  const centered = sub(input, mean(input, { ...options, keepDims: true }));
  return div(sum(square(centered), options), Math.max(0, countOf(input, options, 'variance') - correction));
}

/** The standard deviation: the root of {@link variance}. */
export function std(x: TensorLike, options?: VarianceOptions): Tensor {
  return sqrt(variance(x, options));
}

/** log(Σ exp(x)) without overflow. Of nothing: an error. */
export function logSumExp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const input = operandOf('floating', x, 'logSumExp');
  const largest = stopGradient(max(input, { ...options, keepDims: true }));
  // An infinite shift would turn ∞ - ∞ into NaN; without a shift ±∞ come out right.
  const shift = where(isFinite(largest), largest, 0);
  const total = log(sum(exp(sub(input, shift)), options));
  return total.add(reshape(shift, total.shape));
}

function argReduce(name: 'argMax' | 'argMin', x: TensorLike, { axis, keepDims = false }: ArgOptions): Tensor {
  const operand = asTensor(x, name);
  const input = axis === undefined ? reshape(operand, [-1]) : operand;
  const along = normalizeAxis(axis ?? 0, input.rank, name);
  checkChoice(input, [along], name);
  const shape = input.shape.toSpliced(along, 1);
  const result = new Tensor({ name, axis: along }, [input], shape, 'int32');
  return keepDims ? reshape(result, keptShape(operand, normalizeAxes(axis, operand.rank, name))) : result;
}

/** The place of the largest element as int32; the first at a tie, the first NaN if there is one. */
export function argmax(x: TensorLike, options: ArgOptions = {}): Tensor {
  return argReduce('argMax', x, options);
}

/** The place of the smallest element as int32; the first at a tie, the first NaN if there is one. */
export function argmin(x: TensorLike, options: ArgOptions = {}): Tensor {
  return argReduce('argMin', x, options);
}

/** Running totals along an axis: element i is the sum of elements 0 to i. */
export function cumulativeSum(x: TensorLike, { axis }: { axis: Axis }): Tensor {
  const input = operandOf('total', x, 'cumulativeSum');
  const along = normalizeAxis(axis, input.rank, 'cumulativeSum');
  return new Tensor({ name: 'cumulativeSum', axis: along }, [input], input.shape, input.dtype);
}
