import type { StepResult } from '../../training/trainer.js';

/** What the curves show: a value for each step. */
export interface History {
  readonly steps: readonly number[];
  /** Averages over about the last ten steps. */
  readonly loss: readonly number[];
  readonly accuracy: readonly number[];
  /** Null but where held-out digits were looked at. */
  readonly heldOutLoss: readonly (number | null)[];
  readonly heldOutAccuracy: readonly (number | null)[];
}

export const EMPTY: History = { steps: [], loss: [], accuracy: [], heldOutLoss: [], heldOutAccuracy: [] };

/** How much of a new average the new value is. */
const SHARE = 0.1;
/** Points a curve is drawn with, at most twice as many. */
const POINTS = 500;

/** A history with more steps; the last of them is number `last`. */
export function lengthen(history: History, results: readonly StepResult[], last: number): History {
  const nothing = results.map(() => null);
  const average = (values: readonly number[], next: readonly number[]): number[] => {
    const averages = [...values];
    for (const value of next) {
      const before = averages.at(-1);
      // The first few are plain means: an average that starts somewhere would remember where.
      const share = Math.max(SHARE, 1 / (averages.length + 1));
      averages.push(before === undefined ? value : before + share * (value - before));
    }
    return averages;
  };
  return {
    steps: [...history.steps, ...results.map((_, i) => last - results.length + 1 + i)],
    loss: average(
      history.loss,
      results.map(({ loss }) => loss),
    ),
    accuracy: average(
      history.accuracy,
      results.map(({ accuracy }) => accuracy),
    ),
    heldOutLoss: [...history.heldOutLoss, ...nothing],
    heldOutAccuracy: [...history.heldOutAccuracy, ...nothing],
  };
}

/** A history that knows how the network did on held-out digits after its last step; before the first step there is no place for that. */
export function examined(history: History, { loss, accuracy }: StepResult): History {
  if (history.steps.length === 0) return history;
  return {
    ...history,
    heldOutLoss: [...history.heldOutLoss.slice(0, -1), loss],
    heldOutAccuracy: [...history.heldOutAccuracy.slice(0, -1), accuracy],
  };
}

/** So many points as can be seen, those with held-out digits always. */
export function thinned(history: History): History {
  const every = Math.max(1, Math.floor(history.steps.length / POINTS));
  if (every === 1) return history;
  const kept = [...history.steps.keys()].filter((i) => i % every === 0 || history.heldOutLoss[i] !== null);
  const pick = <Value>(values: readonly Value[]): Value[] => kept.map((i) => values[i]);
  return {
    steps: pick(history.steps),
    loss: pick(history.loss),
    accuracy: pick(history.accuracy),
    heldOutLoss: pick(history.heldOutLoss),
    heldOutAccuracy: pick(history.heldOutAccuracy),
  };
}
