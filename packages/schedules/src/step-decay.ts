import { checkSetting, type Schedule } from './schedule.js';

export interface StepDecayOptions {
  /** The value up to step `every`; at least 0. */
  readonly initial: number;
  /** What the value is multiplied by each time; above 0. */
  readonly factor: number;
  /** Steps between two drops; above 0. */
  readonly every: number;
}

/**
 * α(t) = initial · factor^⌊t / every⌋: a staircase. Halving every few epochs is
 * `stepDecay({ initial: 0.1, factor: 0.5, every: 5 * stepsPerEpoch })`.
 */
export function stepDecay({ initial, factor, every }: StepDecayOptions): Schedule {
  checkSetting('stepDecay: initial', initial, { least: 0 });
  checkSetting('stepDecay: factor', factor, { least: 0, exclusive: true });
  checkSetting('stepDecay: every', every, { least: 0, exclusive: true });
  return (step) => initial * factor ** Math.floor(step / every);
}
