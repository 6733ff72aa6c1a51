/**
 * The exponential moving average of `values`, each place by what came up to there: about the last `span` values count. It is
 * corrected for its beginning, so that the first is the first value itself.
 */
export function smoothed(values: readonly number[], span: number): number[] {
  const keep = 1 - 1 / Math.max(1, span);
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}
