/** How many values lie in each of equal intervals. */
export interface Histogram {
  /** The middle of each interval, from small to large. */
  readonly centers: readonly number[];
  readonly counts: readonly number[];
}

/** Counts finite values in `bins` equal intervals from the smallest to the largest. */
export function histogram(values: ArrayLike<number>, bins = 40): Histogram {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  if (low > high) return { centers: [], counts: [] };
  // All equal: one interval with something in it, in the middle.
  if (low === high) {
    const half = Math.max(0.5, 1e-3 * Math.abs(low));
    [low, high] = [low - half, high + half];
  }
  const width = (high - low) / bins;
  const counts = Array.from({ length: bins }, () => 0);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) counts[Math.min(bins - 1, Math.floor((values[i] - low) / width))]++;
  }
  return { centers: counts.map((_, i) => low + (i + 0.5) * width), counts };
}
