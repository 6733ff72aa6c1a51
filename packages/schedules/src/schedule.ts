/**
 * A number for each step, the first being step 0: what an optimizer takes wherever it takes a number. Every
 * schedule here is pure: the same step gives the same number, whatever was asked before.
 */
export type Schedule = (step: number) => number;

/** Throws a RangeError unless `value` is finite and at least `least` (or above it, with `exclusive`). */
export function checkSetting(
  where: string,
  value: number,
  { least, exclusive = false }: { readonly least: number; readonly exclusive?: boolean },
): void {
  if (Number.isFinite(value) && (exclusive ? value > least : value >= least)) return;
  const bound = exclusive ? `above ${least}` : `of at least ${least}`;
  throw new RangeError(`${where}: expected a finite number ${bound}, got ${String(value)}`);
}
