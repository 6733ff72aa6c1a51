/**
 * The levels at which contours are drawn: dense near the lowest value and ever wider apart, so that half of them enclose half of
 * the map. On a bowl the lines come out evenly spaced; on surfaces with steep walls they still show the valley's floor.
 */
export function contourLevels(values: ArrayLike<number>, count: number): number[] {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  if (sorted.length === 0) return [];
  const low = sorted[0];
  const span = sorted[Math.floor(0.98 * (sorted.length - 1))] - low;
  if (!(span > 0)) return [];
  const median = (sorted[Math.floor(sorted.length / 2)] - low) / span;
  const power = Math.min(8, Math.max(1, Math.log(median) / Math.log(0.5)));
  return Array.from({ length: count }, (_, i) => low + span * ((i + 0.5) / count) ** power);
}
