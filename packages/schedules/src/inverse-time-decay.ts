import { checkSetting, type Schedule } from './schedule.js';

export interface InverseTimeDecayOptions {
  /** The value at step 0; at least 0. */
  readonly initial: number;
  /** How fast it falls: after 1 / rate steps it is half of `initial`; at least 0. */
  readonly rate: number;
}

/** α(t) = initial / (1 + rate · t), the 1/t decay. */
export function inverseTimeDecay({ initial, rate }: InverseTimeDecayOptions): Schedule {
  checkSetting('inverseTimeDecay: initial', initial, { least: 0 });
  checkSetting('inverseTimeDecay: rate', rate, { least: 0 });
  return (step) => initial / (1 + rate * step);
}
