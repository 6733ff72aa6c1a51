/** How many numbers lie where. */
export interface Distribution {
  readonly mean: number;
  /** The standard deviation. */
  readonly deviation: number;
  /** The share in each bin, the first and the last with what lies beyond them. */
  readonly shares: readonly number[];
}

/** Mean, deviation and histogram of some values; in float64, where squares of what fades to 1e-30 are still numbers. */
export function distributionOf(
  values: ArrayLike<number>,
  [low, high]: readonly [number, number],
  bins: number,
): Distribution {
  const counts = new Array<number>(bins).fill(0);
  const count = values.length;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += values[i];
    const bin = Math.floor(((values[i] - low) / (high - low)) * bins);
    counts[Math.min(bins - 1, Math.max(0, bin))]++;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count), shares: counts.map((each) => each / count) };
}
