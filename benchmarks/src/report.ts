import { type BarResult, type Row, type Section } from './section.js';

/** A section as lines of text. */
export function formatSection({ name, description, machine, rows, bars }: Section): string {
  return [
    `\n${name}: ${description}`,
    ...(machine === undefined ? [] : [`  the machine now: ${formatMachine(machine)}`]),
    ...rows.map(formatRow),
    ...bars.map((bar) => `  ${verdict(bar).padEnd(13)}${bar.goal}: ${formatMeasured(bar)}`),
  ].join('\n');
}

/** All bars in one table, for the end. */
export function formatBars(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ name, bars }) =>
    bars.map((bar) => [name, bar.goal, formatMeasured(bar), verdict(bar)]),
  );
  const table = [['work', 'goal', 'measured', 'held?'], ...lines];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function formatMachine({
  flops,
  medianFlops,
  flopsOfTwo,
  copy,
  read,
  by,
}: NonNullable<Section['machine']>): string {
  const gigabytes = (rates: readonly number[]) => rates.map((rate) => (rate / 1e9).toFixed(0)).join(' and ');
  return [
    `128-bit peak ${(flops / 1e9).toFixed(1)} GF/s on one core (by ${by}, in the best round; ${(medianFlops / 1e9).toFixed(1)} in the median)`,
    ...(flopsOfTwo === undefined ? [] : [`${(flopsOfTwo / 1e9).toFixed(0)} by two threads`]),
    ...(copy === undefined ? [] : [`copying ${gigabytes(copy)} GB/s (1 and 2 threads)`]),
    ...(read === undefined ? [] : [`reading ${gigabytes(read)} GB/s`]),
  ].join(', ');
}

function formatRow({ title, value, unit, oursFaster, remark }: Row): string {
  const figure = value === undefined ? ''.padStart(19) : `${digits(value).padStart(11)} ${unit.padEnd(7)}`;
  const ratio = oursFaster === undefined ? '' : `ours ${digits(oursFaster)} x`;
  return `  ${title.padEnd(30)}${figure} ${ratio.padEnd(14)}${remark ?? ''}`.trimEnd();
}

function formatMeasured({ measured, unit, atLeast, atMost }: BarResult): string {
  if (measured === undefined) return 'not measured';
  const limit =
    atLeast === undefined ? ` (at most ${digits(atMost ?? NaN)})` : ` (at least ${digits(atLeast)})`;
  return `${digits(measured)} ${unit}${limit}`;
}

function verdict({ held }: BarResult): string {
  return held === undefined ? 'not measured' : held ? 'held' : 'MISSED';
}

/** Three digits that count, and thousands as they are read. */
export function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}
