import { DownhillError } from '@downhill/tensor';

export interface EarlyStoppingOptions {
  /** How many measurements in a row may bring nothing better before training stops; 5 by default. */
  readonly patience?: number;
  /** By how much a measurement must beat the best one to count as better; 0 by default. */
  readonly leastChange?: number;
  /** Whether a small measurement is good (a loss, the default) or a large one (an accuracy). */
  readonly goal?: 'smallest' | 'largest';
}

/**
 * The rule of when to stop: as soon as the measurement on the validation data has not become better for a while. Prechelt
 * (1998), the rule UP counted from the best.
 */
export class EarlyStopping {
  readonly patience: number;
  readonly leastChange: number;
  readonly goal: 'smallest' | 'largest';
  /** The best measurement, and which it was, from 0 on; undefined before the first number. */
  best: { readonly value: number; readonly measurement: number } | undefined;
  /** How many measurements there have been. */
  measurements = 0;

  constructor({ patience = 5, leastChange = 0, goal = 'smallest' }: EarlyStoppingOptions = {}) {
    if (!(Number.isInteger(patience) && patience >= 1)) {
      throw new DownhillError(
        `EarlyStopping: expected a patience that is a whole number of at least 1, got ${patience}`,
      );
    }
    if (!(leastChange >= 0 && Number.isFinite(leastChange))) {
      throw new DownhillError(`EarlyStopping: expected a leastChange of at least 0, got ${leastChange}`);
    }
    this.patience = patience;
    this.leastChange = leastChange;
    this.goal = goal;
  }

  /** Takes note of a measurement and says whether to stop. NaN is never better than anything. */
  update(value: number): boolean {
    const measurement = this.measurements++;
    if (!Number.isNaN(value) && (this.best === undefined || this.isBetter(value, this.best.value))) {
      this.best = { value, measurement };
    }
    return measurement - (this.best?.measurement ?? -1) >= this.patience;
  }

  private isBetter(value: number, best: number): boolean {
    return this.goal === 'smallest' ? value < best - this.leastChange : value > best + this.leastChange;
  }
}
