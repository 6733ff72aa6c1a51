import { random, ShapeError, type DType, type Generator, type Shape, type Tensor } from '@downhill/tensor';

export interface InitializerOptions {
  /** float32 by default. */
  readonly dtype?: DType;
  /** The default generator, whose seed is fixed, unless given. */
  readonly generator?: Generator;
  /** Inputs of one unit; by default all but the first axis: in for [out, in], in · kh · kw for [out, in, kh, kw]. */
  readonly fanIn?: number;
  /** Units that one input goes to; by default all but the second axis. */
  readonly fanOut?: number;
}

/** Where weights start: a lazy tensor of a shape. `zeros` and `ones` of `@downhill/tensor` are initializers as well. */
export type Initializer = (shape: Shape, options?: InitializerOptions) => Tensor;

/**
 * Uniform over ±√(6 / (fanIn + fanOut)): the variance of signals is kept forwards and backwards in a linear or tanh
 * network. Glorot & Bengio (2010), equation 16.
 */
export const xavierUniform: Initializer = (shape, options = {}) => {
  const { fanIn, fanOut } = fans('xavierUniform', shape, options);
  return uniformWithin(Math.sqrt(6 / (fanIn + fanOut)), shape, options);
};

/** Normal with deviation √(2 / (fanIn + fanOut)). Glorot & Bengio (2010), equation 12. */
export const xavierNormal: Initializer = (shape, options = {}) => {
  const { fanIn, fanOut } = fans('xavierNormal', shape, options);
  return normalOf(Math.sqrt(2 / (fanIn + fanOut)), shape, options);
};

/**
 * Uniform over ±√(6 / fanIn), which has the variance of {@link heNormal}: the variance of signals is kept forwards in a
 * network of rectifiers. He et al. (2015), equation 10. It starts equal to the bit on every backend.
 */
export const heUniform: Initializer = (shape, options = {}) => {
  const { fanIn } = fans('heUniform', shape, options);
  return uniformWithin(Math.sqrt(6 / fanIn), shape, options);
};

/** Normal with deviation √(2 / fanIn). He et al. (2015), equation 10. */
export const heNormal: Initializer = (shape, options = {}) => {
  const { fanIn } = fans('heNormal', shape, options);
  return normalOf(Math.sqrt(2 / fanIn), shape, options);
};

function uniformWithin(bound: number, shape: Shape, { dtype, generator }: InitializerOptions): Tensor {
  return random.uniform(shape, { low: -bound, high: bound, dtype, generator });
}

function normalOf(deviation: number, shape: Shape, { dtype, generator }: InitializerOptions): Tensor {
  return random.normal(shape, { deviation, dtype, generator });
}

function fans(
  where: string,
  shape: Shape,
  given: InitializerOptions,
): { readonly fanIn: number; readonly fanOut: number } {
  const { fanIn = fanFromShape(where, shape, 0), fanOut = fanFromShape(where, shape, 1) } = given;
  if (!(fanIn > 0 && fanOut > 0 && Number.isFinite(fanIn + fanOut))) {
    throw new ShapeError(
      `${where}: expected fans above 0, got fanIn ${fanIn} and fanOut ${fanOut} for shape [${shape.join(', ')}]`,
    );
  }
  return { fanIn, fanOut };
}

/** The elements without `axis`. */
function fanFromShape(where: string, shape: Shape, axis: number): number {
  if (shape.length < 2) {
    throw new ShapeError(
      `${where}: shape [${shape.join(', ')}] has fewer than the two axes [out, in]; give fanIn and fanOut`,
    );
  }
  return shape.reduce((product, extent, i) => (i === axis ? product : product * extent), 1);
}
