import { parseArgs, type ArgsDef } from 'citty';
import type { Experiment } from './experiment.js';

/** The options, as `--help` shows them. */
export const options = {
  only: { type: 'string', description: 'The names of experiments to run, with commas; all without it' },
  list: { type: 'boolean', description: 'Lists the experiments and runs none' },
  fresh: { type: 'boolean', description: 'Forgets the parts that a stopped run has finished' },
  threads: { type: 'string', description: 'How many threads compute; all cores (up to 8) without it' },
} as const satisfies ArgsDef;

/** What the command line says. */
export interface Request {
  readonly experiments: readonly Experiment[];
  readonly list: boolean;
  readonly fresh: boolean;
  readonly threads: number | undefined;
}

/** A mistake on the command line: its message is all that needs to be shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws a UsageError for unknown options, and for experiments that do not exist. */
export function readRequest(words: string[], experiments: readonly Experiment[]): Request {
  const known = Object.keys(options).map((name) => `--${name}`);
  const unknown = words.find((word) => word.startsWith('-') && !known.includes(word.replace(/=.*$/s, '')));
  const args = parseArgs<typeof options>(words, options);
  const stray = unknown ?? args._.at(0);
  if (stray !== undefined) {
    throw new UsageError(`${stray} is not an option; the options are ${known.join(', ')}`);
  }
  const threads = args.threads === undefined ? undefined : Number(args.threads);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new UsageError(`--threads: expected a whole number of at least 1, got '${args.threads ?? ''}'`);
  }
  const names = experiments.map(({ name }) => name);
  const wanted = args.only === undefined ? names : args.only.split(',').map((name) => name.trim());
  const missing = wanted.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new UsageError(`there is no experiment '${missing}'; the experiments are ${names.join(', ')}`);
  }
  return {
    experiments: experiments.filter(({ name }) => wanted.includes(name)),
    list: args.list === true,
    fresh: args.fresh === true,
    threads,
  };
}
