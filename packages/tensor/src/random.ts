import type { DType } from './dtype.js';
import { isFloating } from './dtype.js';
import { DTypeError } from './errors.js';
import { tensor } from './ops/creation.js';
import { asTensor, cast, less, log1p } from './ops/elementwise.js';
import { argsort } from './ops/indexing.js';
import type { Shape } from './shape.js';
import { checkShape } from './shape.js';
import type { TensorLike } from './tensor.js';
import { Tensor } from './tensor.js';
import { outsideTrace } from './trace.js';
import type { Variable } from './variable.js';
import { variable } from './variable.js';

/**
 * A source of random numbers: draw number n gives element i the Threefry-2x32 words (Salmon et al. 2011, 20 rounds)
 * of counter (i, n) under the seed as key. So a draw can be repeated, in any order and on any number of threads.
 */
export interface Generator {
  /** How many draws have been made; a variable, so that a checkpoint can hold it. */
  readonly counter: Variable;
  /** @internal */
  readonly key: Tensor;
}

/** A generator of its own. `seed` is a whole number of at least 0, up to 2^53 - 1. */
export function generator(seed: number): Generator {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new DTypeError(`generator: expected a seed from 0 to 2^53 - 1, got ${seed}`);
  }
  return outsideTrace(() => ({
    key: tensor(new Int32Array([seed | 0, Math.floor(seed / 2 ** 32)])),
    counter: variable(tensor(0, { dtype: 'int32' }), { name: 'generator.counter', trainable: false }),
  }));
}

let standard: Generator | undefined;

/** The generator that is used where none is named. Its seed is fixed: a program gives the same numbers every time. */
function defaultGenerator(): Generator {
  return (standard ??= generator(0));
}

export interface RandomOptions {
  readonly generator?: Generator;
}

interface FloatOptions extends RandomOptions {
  /** float32 (default) or float64. */
  readonly dtype?: DType;
}

/** One draw: a function that gives the upper bits of either word of each element. */
function draw(
  shape: Shape,
  { generator: source = defaultGenerator() }: RandomOptions,
  where: string,
): (word: 0 | 1, bits: number) => Tensor {
  checkShape(shape, where);
  const number = source.counter.value;
  source.counter.assign(number.add(1));
  return (word, bits) => new Tensor({ name: 'randomBits', word, bits }, [source.key, number], shape, 'int32');
}

/** 32 random bits an element, as int32. */
function bits(shape: Shape, options: RandomOptions = {}): Tensor {
  return draw(shape, options, 'random.bits')(0, 32);
}

/** Numbers in [0, 1) with as many random bits as the dtype holds: 24 in float32, 53 in float64. */
function unit(shape: Shape, options: FloatOptions, where: string): Tensor {
  const { dtype = 'float32' } = options;
  if (!isFloating(dtype)) throw new DTypeError(`${where}: expected float32 or float64, got ${dtype}`);
  const word = draw(shape, options, where);
  if (dtype === 'float32') return cast(word(0, 24), dtype).mul(2 ** -24);
  return cast(word(0, 27), dtype)
    .mul(2 ** -27)
    .add(cast(word(1, 26), dtype).mul(2 ** -53));
}

/** Numbers spread evenly over [low, high), by default [0, 1). */
function uniform(
  shape: Shape,
  { low = 0, high = 1, ...options }: FloatOptions & { readonly low?: number; readonly high?: number } = {},
): Tensor {
  const draw = unit(shape, options, 'random.uniform');
  return low === 0 && high === 1 ? draw : draw.mul(high - low).add(low);
}

/** Normally distributed numbers, by the transform of Box and Muller (1958). */
function normal(
  shape: Shape,
  {
    mean = 0,
    deviation = 1,
    ...options
  }: FloatOptions & { readonly mean?: number; readonly deviation?: number } = {},
): Tensor {
  const radius = log1p(unit(shape, options, 'random.normal').neg())
    .mul(-2)
    .sqrt();
  const angle = unit(shape, options, 'random.normal').mul(2 * Math.PI);
  return radius.mul(angle.cos()).mul(deviation).add(mean);
}

/** true with the given probability (0.5 by default), else false. */
function bernoulli(
  shape: Shape,
  { probability = 0.5, ...options }: RandomOptions & { readonly probability?: TensorLike } = {},
): Tensor {
  return less(unit(shape, options, 'random.bernoulli'), asTensor(probability, 'random.bernoulli'));
}

/** The numbers 0 to count - 1 in random order, as int32. */
function permutation(count: number, options: RandomOptions = {}): Tensor {
  return argsort(draw([count], options, 'random.permutation')(0, 32));
}

/** Random tensors. Each draw advances its generator: the default one, or that of the option `generator`. */
export const random = { bits, uniform, normal, bernoulli, permutation };
