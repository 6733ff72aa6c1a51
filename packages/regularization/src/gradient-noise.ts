import {
  add,
  cast,
  DownhillError,
  mul,
  pow,
  random,
  sqrt,
  type Generator,
  type Tensor,
  type TensorLike,
} from '@downhill/tensor';

export interface GradientNoiseOptions {
  /** How many updates came before this one: a number, or in a compiled step a tensor or variable that changes. */
  readonly step: TensorLike;
  /** η, the variance at the start; 0.01 by default, the paper also has 0.3 and 1. */
  readonly variance?: number;
  /** γ, how fast it goes down; 0.55 by default. */
  readonly decay?: number;
  /** What noise is drawn from; the default generator unless given. */
  readonly generator?: Generator;
}

/**
 * Gradients with normal noise of variance η / (1 + step)^γ added, which gets deep networks out of bad beginnings.
 * Neelakantan et al. (2015), equation 1.
 */
export function gradientNoise(
  gradients: readonly Tensor[],
  { step, variance = 0.01, decay = 0.55, generator }: GradientNoiseOptions,
): Tensor[] {
  for (const [name, value] of Object.entries({ variance, decay })) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new DownhillError(`gradientNoise: expected a ${name} of at least 0, got ${value}`);
  }
  const deviation = sqrt(mul(pow(add(step, 1), -decay), variance));
  return gradients.map((gradient) => {
    const noise = random.normal(gradient.shape, { dtype: gradient.dtype, generator });
    return gradient.add(noise.mul(cast(deviation, gradient.dtype)));
  });
}
