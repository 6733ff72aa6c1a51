import { formatShape, type Shape } from '@downhill/tensor';

/**
 * What a relative error says, on the scale of the notes of Stanford's CS231n on gradient checks:
 *
 * - `happy`: up to 1e-7;
 * - `acceptable`: up to 1e-4, if the loss has kinks;
 * - `suspicious`: up to 1e-2, and above 1e-7 with a smooth loss;
 * - `wrong`: above, or not a number;
 * - `unknown`: all coordinates that were looked at cross a kink.
 */
export type Verdict = 'happy' | 'acceptable' | 'suspicious' | 'wrong' | 'unknown';

/** One coordinate of one parameter. */
export interface Coordinate {
  /** Its place in the parameter, one number an axis. */
  readonly index: readonly number[];
  /** The derivative that the backward pass gives. */
  readonly analytic: number;
  /** The centered difference. */
  readonly numeric: number;
  /**
   * |analytic − numeric| / max(|analytic|, |numeric|), less what rounding of the loss explains; 0 where both are 0.
   * Infinity where one is not a number.
   */
  readonly error: number;
  /** The first operation found on different sides of a kink at the two points of the difference, which then means nothing. */
  readonly kink: string | null;
}

/** What was found for one parameter. */
export interface ParameterReport {
  readonly name: string;
  readonly shape: Shape;
  /** Of the worst coordinate. */
  readonly verdict: Verdict;
  /** The coordinate with the largest error among those that cross no kink; null if all do. */
  readonly worst: Coordinate | null;
  readonly coordinates: readonly Coordinate[];
}

/** The outcome of a check, as plain data. */
export interface GradientReport {
  /** Whether every parameter was looked at, and no error is larger than the tolerance. */
  readonly passed: boolean;
  /** The loss in float64. */
  readonly loss: number;
  readonly tolerance: number;
  readonly parameters: readonly ParameterReport[];
  readonly warnings: readonly string[];
}

/** A report whose text is the table. */
export interface PrintableReport extends GradientReport {
  /** What `formatReport` gives. */
  toString(): string;
}

/** The verdict on an error; a loss is smooth if it has no operation that chooses. */
export function judge(error: number, smooth: boolean): Verdict {
  if (error <= 1e-7) return 'happy';
  if (error <= 1e-4) return smooth ? 'suspicious' : 'acceptable';
  return error <= 1e-2 ? 'suspicious' : 'wrong';
}

/** A report as text: one line a parameter, then warnings. */
export function formatReport({ passed, loss, tolerance, parameters, warnings }: GradientReport): string {
  const head = [
    'parameter',
    'shape',
    'checked',
    'kinks',
    'worst at',
    'analytic',
    'numeric',
    'error',
    'verdict',
  ];
  const lines = parameters.map(({ name, shape, verdict, worst, coordinates }) => [
    name,
    formatShape(shape),
    String(coordinates.length),
    String(coordinates.filter(({ kink }) => kink !== null).length),
    worst === null ? '' : formatShape(worst.index),
    worst === null ? '' : worst.analytic.toExponential(6),
    worst === null ? '' : worst.numeric.toExponential(6),
    worst === null ? '' : worst.error.toExponential(1),
    verdict,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const table = [head, ...lines].map((line) =>
    line
      .map((text, i) => text.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  const outcome = passed ? 'all gradients within' : 'NOT all gradients within';
  const notes = warnings.map((warning) => `warning: ${warning}`);
  return [`loss ${loss}, ${outcome} ${tolerance}`, ...table, ...notes].join('\n');
}

/** The report as an object whose `toString`, and what `console.log` shows in Node, is the table. */
export function printable(report: GradientReport): PrintableReport {
  const hidden = { value: () => formatReport(report), enumerable: false };
  return Object.defineProperties(
    { ...report },
    {
      toString: hidden,
      [Symbol.for('nodejs.util.inspect.custom')]: hidden,
    },
  );
}
