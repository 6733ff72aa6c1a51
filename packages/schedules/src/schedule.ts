/**
 * A number for each step, the first being step 0: what an optimizer takes wherever it takes a number. Every
 * schedule here is pure (but for `reduceOnPlateau`, which watches a metric): the same step gives the same number, whatever
 * was asked before.
 */
export type Schedule = (step: number) => number;

/** Throws a RangeError unless `value` is finite, at least `least` (or above it, with `exclusive`), and at most `most`. */
export function checkSetting(
  where: string,
  value: number,
  {
    least,
    exclusive = false,
    most = Infinity,
  }: { readonly least: number; readonly exclusive?: boolean; readonly most?: number },
): void {
  if (Number.isFinite(value) && (exclusive ? value > least : value >= least) && value <= most) return;
  const bound = exclusive ? `above ${least}` : `of at least ${least}`;
  const limit = most === Infinity ? '' : ` and at most ${most}`;
  throw new RangeError(`${where}: expected a finite number ${bound}${limit}, got ${String(value)}`);
}

/** Throws a TypeError unless `schedule` is a function. */
export function checkSchedule(where: string, schedule: unknown): void {
  if (typeof schedule === 'function') return;
  throw new TypeError(
    `${where}: expected a schedule, (step) => number, got ${String(schedule)}; constant(value) makes one of a number`,
  );
}

/** Throws a RangeError unless `value` is a whole number of at least 0. */
export function checkCount(where: string, value: number): void {
  checkSetting(where, value, { least: 0 });
  if (!Number.isInteger(value)) throw new RangeError(`${where}: expected a whole number, got ${value}`);
}
