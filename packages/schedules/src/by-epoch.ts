import { checkSchedule, checkSetting, type Schedule } from './schedule.js';

/** A schedule whose steps are epochs: it is asked for epoch ⌊t / stepsPerEpoch⌋, the first being 0. */
export function byEpoch(
  schedule: Schedule,
  { stepsPerEpoch }: { /** Above 0. */ readonly stepsPerEpoch: number },
): Schedule {
  checkSchedule('byEpoch', schedule);
  checkSetting('byEpoch: stepsPerEpoch', stepsPerEpoch, { least: 0, exclusive: true });
  return (step) => schedule(Math.floor(step / stepsPerEpoch));
}
