import { checkSetting, type Schedule } from './schedule.js';

/**
 * One thing after another: `piecewise([[0, 0.1], [1000, cosine({ ... })], [5000, 0.001]])`. Each part is the step it begins
 * at and a number or a schedule, which counts its steps from there. The first part begins at 0, the others later and later.
 */
export function piecewise(parts: readonly (readonly [from: number, value: number | Schedule])[]): Schedule {
  if (parts.length === 0 || parts[0][0] !== 0) {
    throw new RangeError(
      `piecewise: expected a first part that begins at step 0, got ${parts.length === 0 ? 'no part' : String(parts[0][0])}`,
    );
  }
  parts.forEach(([from, value], i) => {
    if (i > 0)
      checkSetting(`piecewise: the beginning of part ${i}`, from, {
        least: parts[i - 1][0],
        exclusive: true,
      });
    if (typeof value !== 'function') checkSetting(`piecewise: the value of part ${i}`, value, { least: 0 });
  });
  return (step) => {
    const [from, value] = parts.findLast(([beginning]) => beginning <= step) ?? parts[0];
    return typeof value === 'function' ? value(step - from) : value;
  };
}
