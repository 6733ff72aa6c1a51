/** Learning rates, from one that hardly moves to one that throws the weights about. */
export interface TypicalRates {
  readonly low: number;
  readonly good: number;
  readonly high: number;
  readonly veryHigh: number;
}

/**
 * Rates that show their kind on the digits, by rule: tried with batches of 8 for 3,000 steps on a layer of 64 tanh units,
 * where the good one ends with less than half the loss of the low one, the high one above it, and the very high one far
 * above both.
 */
export const typicalRates: Readonly<Record<string, TypicalRates>> = {
  sgd: { low: 0.003, good: 0.1, high: 0.4, veryHigh: 1.2 },
  momentum: { low: 0.0003, good: 0.01, high: 0.05, veryHigh: 0.15 },
  nesterov: { low: 0.0003, good: 0.01, high: 0.05, veryHigh: 0.2 },
  adagrad: { low: 0.0003, good: 0.05, high: 0.4, veryHigh: 2 },
  rmsprop: { low: 0.00001, good: 0.001, high: 0.01, veryHigh: 0.1 },
  adam: { low: 0.00001, good: 0.001, high: 0.01, veryHigh: 0.1 },
};
