import { checkCount, checkSetting, type Schedule } from './schedule.js';

export interface ReduceOnPlateauOptions {
  /** The value until the first plateau; at least 0. */
  readonly initial: number;
  /** What each plateau multiplies the value by; above 0 and at most 1, 0.1 by default. */
  readonly factor?: number;
  /** How many observations without improvement are borne; the next reduces. A whole number of at least 0, 10 by default. */
  readonly patience?: number;
  /** The share of the best so far by which an observation must beat it to count; at least 0, 1e-4 by default. */
  readonly threshold?: number;
  /** Observations after a reduction in which none is counted as bad; a whole number of at least 0, 0 by default. */
  readonly cooldown?: number;
  /** The value never falls below this; at least 0, 0 by default. */
  readonly least?: number;
  /** Whether a smaller metric is better (a loss, the default) or a larger one (an accuracy). */
  readonly better?: 'smaller' | 'larger';
}

/** Where a `reduceOnPlateau` stands, as plain data. */
export interface PlateauState {
  readonly value: number;
  /** The best observation, `null` before the first. */
  readonly best: number | null;
  /** Observations in a row that were no better. */
  readonly bad: number;
  /** Observations of the cooldown that are left. */
  readonly cooling: number;
}

/** A schedule that gives the same value at every step until what it observes stops improving. */
export interface PlateauSchedule extends Schedule {
  /** Tells it the metric, once an epoch, say. NaN is no improvement. */
  observe(metric: number): void;
  /** What a checkpoint needs. */
  state(): PlateauState;
  /** Takes over a saved state. Throws, with nothing changed, if it is none. */
  load(saved: PlateauState): void;
}

/**
 * Lowers the value when a metric has stopped improving: what PyTorch's `ReduceLROnPlateau` does with a relative threshold
 * (which also leaves out reductions by less than 1e-8).
 *
 * ```ts
 * const learningRate = reduceOnPlateau({ initial: 0.1, patience: 3 });
 * const optimizer = sgd({ learningRate });
 * // after each epoch:
 * learningRate.observe(validationLoss);
 * ```
 */
export function reduceOnPlateau({
  initial,
  factor = 0.1,
  patience = 10,
  threshold = 1e-4,
  cooldown = 0,
  least = 0,
  better = 'smaller',
}: ReduceOnPlateauOptions): PlateauSchedule {
  checkSetting('reduceOnPlateau: initial', initial, { least: 0 });
  checkSetting('reduceOnPlateau: factor', factor, { least: 0, exclusive: true, most: 1 });
  checkSetting('reduceOnPlateau: threshold', threshold, { least: 0 });
  checkSetting('reduceOnPlateau: least', least, { least: 0 });
  checkCount('reduceOnPlateau: patience', patience);
  checkCount('reduceOnPlateau: cooldown', cooldown);
  if (better !== 'smaller' && better !== 'larger') {
    throw new RangeError(`reduceOnPlateau: better: expected 'smaller' or 'larger', got ${String(better)}`);
  }
  let state: PlateauState = { value: initial, best: null, bad: 0, cooling: 0 };

  const improves = (metric: number): boolean => {
    const best = state.best ?? (better === 'smaller' ? Infinity : -Infinity);
    return better === 'smaller' ? metric < best * (1 - threshold) : metric > best * (1 + threshold);
  };

  return Object.assign(() => state.value, {
    observe(metric: number): void {
      if (typeof metric !== 'number') {
        throw new TypeError(`reduceOnPlateau: observe: expected a number, got a ${typeof metric}`);
      }
      const improved = improves(metric);
      const cooling = Math.max(0, state.cooling - 1);
      const bad = improved || state.cooling > 0 ? 0 : state.bad + 1;
      const best = improved ? metric : state.best;
      state =
        bad > patience
          ? {
              value: Math.max(state.value * factor, Math.min(least, state.value)),
              best,
              bad: 0,
              cooling: cooldown,
            }
          : { value: state.value, best, bad, cooling };
    },
    state: (): PlateauState => state,
    load({ value, best, bad, cooling }: PlateauState): void {
      checkSetting('reduceOnPlateau: load: value', value, { least: 0 });
      if (best !== null && typeof best !== 'number') {
        throw new TypeError(`reduceOnPlateau: load: best: expected a number or null, got ${String(best)}`);
      }
      checkCount('reduceOnPlateau: load: bad', bad);
      checkCount('reduceOnPlateau: load: cooling', cooling);
      state = { value, best, bad, cooling };
    },
  });
}
