import { checkSetting, type Schedule } from './schedule.js';

export interface ExponentialDecayOptions {
  /** The value at step 0; at least 0. */
  readonly initial: number;
  /** What `every` steps multiply the value by; above 0. */
  readonly rate: number;
  /** Steps in which the value changes by `rate`; above 0, 1 by default. */
  readonly every?: number;
}

/**
 * α(t) = initial · rate^(t / every), a smooth curve; the lecture's α₀ e^(−kt) with k = −ln(rate) / every. The same
 * curve in stairs is `stepDecay`.
 */
export function exponentialDecay({ initial, rate, every = 1 }: ExponentialDecayOptions): Schedule {
  checkSetting('exponentialDecay: initial', initial, { least: 0 });
  checkSetting('exponentialDecay: rate', rate, { least: 0, exclusive: true });
  checkSetting('exponentialDecay: every', every, { least: 0, exclusive: true });
  return (step) => initial * rate ** (step / every);
}
