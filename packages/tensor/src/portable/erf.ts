const ROOT_OF_PI = Math.sqrt(Math.PI);

/**
 * The error function, 2/√π ∫₀ˣ exp(-t²) dt, within 1e-15 of itself for every double: below 2 by the series whose
 * terms are all positive (Abramowitz & Stegun 7.1.6), above by the continued fraction of 1 - erf (7.1.14).
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0)) return x;
  if (size >= 6) return Math.sign(x);
  const square = size * size;
  if (size < 2) {
    let term = size;
    let sum = size;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return (Math.sign(x) * 2 * Math.exp(-square) * sum) / ROOT_OF_PI;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-square) / ROOT_OF_PI / fraction);
}
