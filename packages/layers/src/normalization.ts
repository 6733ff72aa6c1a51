import {
  add,
  DownhillError,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  type Tensor,
  type Variable,
} from '@downhill/tensor';

/** What layers that normalize need of x, with the reduced axes kept as extents of 1. */
export interface Moments {
  readonly mean: Tensor;
  /** x − mean. */
  readonly centered: Tensor;
  /** The mean of centered². */
  readonly variance: Tensor;
}

/** Mean and (biased) variance over axes. */
export function moments(x: Tensor | Variable, axis: readonly number[]): Moments {
  const center = mean(x, { axis, keepDims: true });
  const centered = sub(x, center);
  return { mean: center, centered, variance: mean(square(centered), { axis, keepDims: true }) };
}

/** In each example of [N, C, ...], each group of neighbouring channels brought to mean 0 and variance 1. */
export function normalizeGroups(x: Tensor | Variable, groups: number, epsilon: number): Tensor {
  const [count, channels, ...places] = x.shape;
  const grouped = reshape(x, [count, groups, channels / groups, ...places]);
  const { centered, variance } = moments(
    grouped,
    grouped.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis])),
  );
  return reshape(centered.div(sqrt(variance.add(epsilon))), x.shape);
}

/** Each channel of [N, C, ...] times its weight, plus its bias. */
export function scaleChannels(x: Tensor, weight: Variable, bias: Variable): Tensor {
  const each = x.shape.map((extent, axis) => (axis === 1 ? extent : 1));
  return add(mul(x, reshape(weight, each)), reshape(bias, each));
}

/** Throws unless ε, which keeps a variance of 0 from being divided by, is above 0. */
export function checkEpsilon(name: string, epsilon: number): void {
  if (!(epsilon > 0 && Number.isFinite(epsilon))) {
    throw new DownhillError(`${name}: expected an epsilon above 0, got ${epsilon}`);
  }
}
