import { DownhillError } from '@downhill/tensor';
import { checkDataset, takeExamples, type Dataset } from './dataset.js';
import { checkWhole, shuffledOrder } from './shuffle.js';

export type SplitOptions = {
  /** Which of the random splits; 0 by default. */
  readonly seed?: number;
} & (
  | {
      /** How many examples each part gets; together all of them. */
      readonly counts: readonly number[];
      readonly fractions?: undefined;
    }
  | {
      /** What share each part gets, to the nearest example; together 1. */
      readonly fractions: readonly number[];
      readonly counts?: undefined;
    }
);

/**
 * Cuts a shuffled dataset into parts, each example into exactly one: `split(digits, { counts: [8000, 2000], seed: 1 })`.
 * The same seed gives the same parts.
 */
export function split(dataset: Dataset, { counts, fractions, seed = 0 }: SplitOptions): Dataset[] {
  checkDataset(dataset, 'split');
  checkWhole('split: seed', seed);
  const total = dataset.labels.length;
  if ((counts === undefined) === (fractions === undefined)) {
    throw new DownhillError('split: expected either counts or fractions');
  }
  const ends = counts === undefined ? endsOfFractions(fractions, total) : endsOfCounts(counts, total);
  const order = shuffledOrder(total, seed);
  return ends.map((end, part) => takeExamples(dataset, order.subarray(part === 0 ? 0 : ends[part - 1], end)));
}

function endsOfCounts(counts: readonly number[], total: number): number[] {
  counts.forEach((count) => {
    checkWhole('split: counts', count);
  });
  const ends = runningTotals(counts);
  if (ends.at(-1) !== total) {
    throw new DownhillError(
      `split: counts ${counts.join(' + ')} make ${ends.at(-1) ?? 0}; expected all ${total} examples`,
    );
  }
  return ends;
}

function endsOfFractions(fractions: readonly number[], total: number): number[] {
  const ends = runningTotals(fractions);
  if (!fractions.every((fraction) => fraction >= 0) || Math.abs((ends.at(-1) ?? 0) - 1) > 1e-9) {
    throw new DownhillError(
      `split: expected fractions of at least 0 that add up to 1, got ${fractions.join(' + ')} = ${ends.at(-1) ?? 0}`,
    );
  }
  return ends.map((end) => Math.round(end * total));
}

function runningTotals(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
