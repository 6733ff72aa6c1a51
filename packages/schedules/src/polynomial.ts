import { checkSetting, type Schedule } from './schedule.js';

export interface PolynomialOptions {
  /** The value at step 0; at least 0. */
  readonly initial: number;
  /** The value from step `steps` on; at least 0, 0 by default. */
  readonly final?: number;
  /** How many steps the way takes; above 0. */
  readonly steps: number;
  /** The exponent: 1 is a line, more falls steeply first; above 0. */
  readonly power: number;
}

/** α(t) = final + (initial − final) · (1 − t / steps)^power, and `final` from then on. */
export function polynomial({ initial, final = 0, steps, power }: PolynomialOptions): Schedule {
  checkSetting('polynomial: initial', initial, { least: 0 });
  checkSetting('polynomial: final', final, { least: 0 });
  checkSetting('polynomial: steps', steps, { least: 0, exclusive: true });
  checkSetting('polynomial: power', power, { least: 0, exclusive: true });
  return (step) => final + (initial - final) * (1 - Math.min(step / steps, 1)) ** power;
}
