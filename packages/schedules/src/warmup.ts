import { checkSchedule, checkSetting, type Schedule } from './schedule.js';

export interface WarmupOptions {
  /** How many steps the way up takes; above 0. */
  readonly steps: number;
  /** The value at step 0; at least 0, 0 by default. */
  readonly initial?: number;
}

/**
 * Any schedule after a gentle beginning: a line from `initial` at step 0 to schedule(0) at step `steps`, from which on the
 * schedule runs as if it began there. Goyal et al. (2017), section 2.2.
 */
export function warmup(schedule: Schedule, { steps, initial = 0 }: WarmupOptions): Schedule {
  checkSchedule('warmup', schedule);
  checkSetting('warmup: steps', steps, { least: 0, exclusive: true });
  checkSetting('warmup: initial', initial, { least: 0 });
  return (step) =>
    step < steps ? initial + (schedule(0) - initial) * (step / steps) : schedule(step - steps);
}
