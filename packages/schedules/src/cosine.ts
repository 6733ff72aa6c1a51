import { checkSetting, type Schedule } from './schedule.js';

export interface CosineOptions {
  /** The value at step 0; at least 0. */
  readonly initial: number;
  /** The value from step `steps` on; at least 0, 0 by default. */
  readonly final?: number;
  /** How many steps the way takes; above 0. */
  readonly steps: number;
}

/**
 * Half a wave: α(t) = final + (initial − final) · (1 + cos(π t / steps)) / 2, and `final` from then on. Loshchilov & Hutter
 * (2017), equation 5, in one run; again and again it is `cosineRestarts`.
 */
export function cosine({ initial, final = 0, steps }: CosineOptions): Schedule {
  checkSetting('cosine: initial', initial, { least: 0 });
  checkSetting('cosine: final', final, { least: 0 });
  checkSetting('cosine: steps', steps, { least: 0, exclusive: true });
  return (step) => halfWave(initial, final, Math.min(step / steps, 1));
}

/** From `from` at 0 to `to` at 1, along a cosine. */
export function halfWave(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}
