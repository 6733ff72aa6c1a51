import { checkSetting, type Schedule } from './schedule.js';

export interface CyclicOptions {
  /** The value at the bottom of each cycle, where the first begins; at least 0. */
  readonly low: number;
  /** The value at the top of the first cycle; at least 0. */
  readonly high: number;
  /** Steps from bottom to top; above 0. */
  readonly rise: number;
  /** Steps from top to bottom; above 0, `rise` by default. */
  readonly fall?: number;
  /** What each cycle multiplies the height by; above 0, 1 by default. */
  readonly shrink?: number;
}

/**
 * Triangles between two values, Smith (2017). With `shrink: 0.5` each is half as high as the one before, which he calls
 * triangular2.
 */
export function cyclic({ low, high, rise, fall = rise, shrink = 1 }: CyclicOptions): Schedule {
  checkSetting('cyclic: low', low, { least: 0 });
  checkSetting('cyclic: high', high, { least: 0 });
  checkSetting('cyclic: rise', rise, { least: 0, exclusive: true });
  checkSetting('cyclic: fall', fall, { least: 0, exclusive: true });
  checkSetting('cyclic: shrink', shrink, { least: 0, exclusive: true });
  const period = rise + fall;
  return (step) => {
    const cycle = Math.floor(step / period);
    const at = step - cycle * period;
    const height = at <= rise ? at / rise : (period - at) / fall;
    return low + (high - low) * height * shrink ** cycle;
  };
}
