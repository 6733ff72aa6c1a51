import { DownhillError, random, sqrt, type Generator, type Tensor } from '@downhill/tensor';

/**
 * One number of the distribution Beta(α, α), in float64: near 0 or 1 for small α, even for 1, near a half for large ones.
 * It is made of two even ones without rejecting any, by Devroye (1996), section 4: with w = u^(1/α) and c = cos 2πv,
 * ½ + ½ c √(1 − w) / √(w + (1 − w) c²).
 */
export function symmetricBeta(name: string, alpha: number, generator: Generator | undefined): Tensor {
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new DownhillError(`${name}: expected an alpha above 0, got ${alpha}`);
  }
  const draw = (): Tensor => random.uniform([], { dtype: 'float64', generator });
  const power = draw().pow(1 / alpha);
  const rest = power.neg().add(1);
  const cosine = draw()
    .mul(2 * Math.PI)
    .cos();
  const length = sqrt(power.add(rest.mul(cosine.square())));
  return cosine.mul(sqrt(rest)).div(length).mul(0.5).add(0.5);
}
