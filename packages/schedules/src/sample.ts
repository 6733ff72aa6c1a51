import { checkCount, checkSchedule, type Schedule } from './schedule.js';

/** A point of a schedule's curve. */
export interface SchedulePoint {
  readonly step: number;
  readonly value: number;
}

/**
 * The points of a schedule's curve, to be drawn: at steps 0 to `steps` − 1, or at the steps listed. Nothing is changed by
 * asking.
 */
export function sample(schedule: Schedule, steps: number | readonly number[]): SchedulePoint[] {
  checkSchedule('sample', schedule);
  if (typeof steps !== 'number') return steps.map((step) => ({ step, value: schedule(step) }));
  checkCount('sample: steps', steps);
  return Array.from({ length: steps }, (_, step) => ({ step, value: schedule(step) }));
}
