import { checkSetting, type Schedule } from './schedule.js';

export interface LinearOptions {
  /** The value at step 0; at least 0. */
  readonly initial: number;
  /** The value from step `steps` on; at least 0, 0 by default. It may be larger than `initial`. */
  readonly final?: number;
  /** How many steps the way takes; above 0. */
  readonly steps: number;
}

/** A straight line: α(t) = initial + (final − initial) · t / steps, and `final` from step `steps` on. */
export function linear({ initial, final = 0, steps }: LinearOptions): Schedule {
  checkSetting('linear: initial', initial, { least: 0 });
  checkSetting('linear: final', final, { least: 0 });
  checkSetting('linear: steps', steps, { least: 0, exclusive: true });
  return (step) => initial + (final - initial) * Math.min(step / steps, 1);
}
