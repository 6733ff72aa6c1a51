/** How far numbers lie apart. */
export interface Spread {
  readonly mean: number;
  /** The standard deviation, estimated from a sample; 0 for one number. */
  readonly deviation: number;
  readonly least: number;
  readonly largest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    deviation: Math.sqrt(squares / Math.max(1, values.length - 1)),
    least: Math.min(...values),
    largest: Math.max(...values),
  };
}
