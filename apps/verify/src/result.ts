import { join } from 'node:path';
import type { Conclusion, Experiment } from './experiment.js';
import { writeWhole, type KeptPart } from './kept-parts.js';

/** Under what an experiment was run. */
export interface Surroundings {
  /** Names and versions: of Node, of the packages, of what computed. */
  readonly versions: Readonly<Record<string, string>>;
  /** The processor, and how many there are. */
  readonly machine: string;
  /** When it ended, in ISO 8601. */
  readonly date: string;
}

/** Writes NAME.json, with every number, and NAME.md, for people. */
export function writeResult(
  directory: string,
  { name, claim, method, settings }: Experiment,
  parts: ReadonlyMap<string, KeptPart>,
  conclusion: Conclusion,
  surroundings: Surroundings,
): void {
  const seconds = secondsOf(parts);
  const data = {
    name,
    claim,
    ...conclusion,
    settings,
    ...surroundings,
    seconds,
    parts: Object.fromEntries(parts),
  };
  writeWhole(join(directory, `${name}.json`), `${JSON.stringify(data, null, 2)}\n`);
  const { versions, machine, date } = surroundings;
  const text = [
    `# ${name}`,
    claim,
    `**${conclusion.holds ? 'It holds.' : 'It does not hold.'}** ${conclusion.findings.join(' ')}`,
    markdownTable(conclusion),
    method,
    `Settings: ${Object.entries(settings)
      .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
      .join('; ')}.`,
    `Run on ${date.slice(0, 10)} in ${formatSeconds(seconds)}, with ${Object.entries(versions)
      .map(([key, version]) => `${key} ${version}`)
      .join(', ')}, on ${machine}. All numbers: [${name}.json](${name}.json). To run it again: ` +
      `\`npm run verify -- --only ${name}\`.`,
  ];
  writeWhole(join(directory, `${name}.md`), `${text.join('\n\n')}\n`);
}

/** The table of a conclusion as lines of equal columns. */
export function plainTable({ table: { head, rows } }: Conclusion): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  return [head, ...rows].map((row) => row.map((text, i) => text.padStart(widths[i])).join('  '));
}

function markdownTable({ table: { head, rows } }: Conclusion): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---:')), ...rows.map(line)].join('\n');
}

export function secondsOf(parts: ReadonlyMap<string, KeptPart>): number {
  return [...parts.values()].reduce((sum, { seconds }) => sum + seconds, 0);
}

/** `48 s`, `2 min 5 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
