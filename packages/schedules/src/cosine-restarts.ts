import { halfWave } from './cosine.js';
import { checkSetting, type Schedule } from './schedule.js';

export interface CosineRestartsOptions {
  /** The value at each restart; at least 0. */
  readonly initial: number;
  /** What each run falls towards; at least 0, 0 by default. */
  readonly final?: number;
  /** Steps in the first run; above 0. */
  readonly steps: number;
  /** How many times as long each run is as the one before; at least 1, 1 by default. */
  readonly lengthen?: number;
}

/**
 * Warm restarts (SGDR), Loshchilov & Hutter (2017), equation 5: runs of `cosine`, each `lengthen` times as long as the one
 * before. The first step of a run has `initial`; `final` is only approached, because the next run begins there.
 */
export function cosineRestarts({ initial, final = 0, steps, lengthen = 1 }: CosineRestartsOptions): Schedule {
  checkSetting('cosineRestarts: initial', initial, { least: 0 });
  checkSetting('cosineRestarts: final', final, { least: 0 });
  checkSetting('cosineRestarts: steps', steps, { least: 0, exclusive: true });
  checkSetting('cosineRestarts: lengthen', lengthen, { least: 1 });
  return (step) => {
    if (lengthen === 1) return halfWave(initial, final, (step % steps) / steps);
    // Run k begins at steps · (lengthen^k − 1) / (lengthen − 1). Rounding in the logarithm may miss the run by one.
    const beginning = (k: number): number => (steps * (lengthen ** k - 1)) / (lengthen - 1);
    let run = Math.max(0, Math.floor(Math.log1p((step * (lengthen - 1)) / steps) / Math.log(lengthen)));
    if (step >= beginning(run + 1)) run += 1;
    else if (step < beginning(run)) run -= 1;
    return halfWave(initial, final, (step - beginning(run)) / (steps * lengthen ** run));
  };
}
