import { halfWave } from './cosine.js';
import { checkSetting, type Schedule } from './schedule.js';

export interface OneCycleOptions {
  /** The largest value; at least 0. */
  readonly peak: number;
  /** Steps in the whole training, at least 2: the last of them, number steps − 1, has `final`. */
  readonly steps: number;
  /** The share of the steps in which the value rises; above 0, at most 1, 0.3 by default. */
  readonly rise?: number;
  /** The value at step 0; at least 0, peak / 25 by default. */
  readonly initial?: number;
  /** The value at the end, and after it; at least 0, initial / 10,000 by default. */
  readonly final?: number;
}

/**
 * One cycle, Smith & Topin (2018): up from `initial` to `peak` and down to `final`, both along a cosine, as in PyTorch's
 * `OneCycleLR` (the paper has straight lines). A rise of 1 never comes down.
 */
export function oneCycle({
  peak,
  steps,
  rise = 0.3,
  initial = peak / 25,
  final = initial / 1e4,
}: OneCycleOptions): Schedule {
  checkSetting('oneCycle: peak', peak, { least: 0 });
  checkSetting('oneCycle: steps', steps, { least: 2 });
  checkSetting('oneCycle: rise', rise, { least: 0, exclusive: true, most: 1 });
  checkSetting('oneCycle: initial', initial, { least: 0 });
  checkSetting('oneCycle: final', final, { least: 0 });
  const last = steps - 1;
  const top = rise * steps - 1;
  return (step) => {
    const at = Math.min(step, last);
    if (at < top) return halfWave(initial, peak, at / top);
    return halfWave(peak, final, top < last ? (at - top) / (last - top) : 0);
  };
}
