import { checkSetting, type Schedule } from './schedule.js';

/** The same value (at least 0) at every step. */
export function constant(value: number): Schedule {
  checkSetting('constant: value', value, { least: 0 });
  return () => value;
}
