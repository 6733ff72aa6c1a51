import {
  DownhillError,
  eye,
  full,
  outsideTrace,
  pad,
  random,
  reshape,
  ShapeError,
  sizeOf,
  tensor,
  type DType,
  type Generator,
  type Shape,
  type Tensor,
} from '@downhill/tensor';

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

/**
 * Uniform over ±√(3 / fanIn): the variance of signals is kept forwards where nothing is cut off, and in networks of SELU.
 * LeCun, Bottou, Orr & Müller (1998), section 4.6.
 */
export const lecunUniform: Initializer = (shape, options = {}) => {
  const { fanIn } = fans('lecunUniform', shape, options);
  return uniformWithin(Math.sqrt(3 / fanIn), shape, options);
};

/** Normal with deviation √(1 / fanIn). LeCun, Bottou, Orr & Müller (1998), equation 16. */
export const lecunNormal: Initializer = (shape, options = {}) => {
  const { fanIn } = fans('lecunNormal', shape, options);
  return normalOf(Math.sqrt(1 / fanIn), shape, options);
};

/** An initializer: normal with a deviation that does not look at the fans, 0.01 by default. Right for shallow networks. */
export function gaussian(deviation = 0.01): Initializer {
  if (!(deviation >= 0 && Number.isFinite(deviation))) {
    throw new DownhillError(`gaussian: expected a deviation of at least 0, got ${deviation}`);
  }
  return (shape, options = {}) => normalOf(deviation, shape, options);
}

/** An initializer: the same number everywhere. */
export function constant(value: number): Initializer {
  return (shape, { dtype } = {}) => full(shape, value, { dtype });
}

/**
 * The unit matrix, [out, in]; of a kernel [out, in, kh, kw] the middle passes channel i on as channel i, so that a
 * convolution changes nothing. Le, Jaitly & Hinton (2015), section 3.
 */
export const identity: Initializer = (shape, { dtype } = {}) => {
  if (shape.length < 2) {
    throw new ShapeError(`identity: expected a shape [out, in, ...], got [${shape.join(', ')}]`);
  }
  const [rows, columns, ...kernel] = shape;
  const unit = reshape(eye(rows, columns, { dtype }), [rows, columns, ...kernel.map(() => 1)]);
  const around = kernel.map((extent): [number, number] => {
    const middle = Math.floor((extent - 1) / 2);
    return [middle, extent - 1 - middle];
  });
  return pad(unit, [[0, 0], [0, 0], ...around]);
};

/**
 * An initializer: a random matrix [out, in · kh · kw] with orthonormal rows (columns, if there are more rows), times
 * `gain`, 1 by default: no signal is stretched or shrunk. Saxe, McClelland & Ganguli (2014), section 3. Unlike others it
 * draws and computes when it is called, in float64.
 */
export function orthogonal(gain = 1): Initializer {
  if (!Number.isFinite(gain)) throw new DownhillError(`orthogonal: expected a finite gain, got ${gain}`);
  return (shape, { dtype = 'float32', generator } = {}) => {
    if (shape.length < 2) {
      throw new ShapeError(`orthogonal: expected a shape [out, in, ...], got [${shape.join(', ')}]`);
    }
    const rows = shape[0];
    const columns = sizeOf(shape.slice(1));
    const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
    const vectors = orthonormal(count, length, generator);
    const entry =
      rows <= columns
        ? (place: number) => vectors[Math.floor(place / columns)][place % columns]
        : (place: number) => vectors[place % columns][Math.floor(place / columns)];
    const values = Float64Array.from({ length: rows * columns }, (_, place) => gain * entry(place));
    return tensor(values, { shape, dtype });
  };
}

/** Random orthonormal vectors, by Gram and Schmidt's method, twice over each so that rounding leaves nothing behind. */
function orthonormal(count: number, length: number, generator: Generator | undefined): Float64Array[] {
  const drawn = outsideTrace(() =>
    random.normal([count, length], { dtype: 'float64', generator }).dataSync(),
  );
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from(drawn.subarray(i * length, (i + 1) * length));
    for (const other of [...vectors, ...vectors]) {
      const along = innerProduct(vector, other);
      for (let k = 0; k < length; k++) vector[k] -= along * other[k];
    }
    const norm = Math.sqrt(innerProduct(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function innerProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

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
