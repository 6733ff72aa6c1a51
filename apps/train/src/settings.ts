import { parseArgs, type ArgsDef } from 'citty';

/** What the command line says. */
export interface Settings {
  readonly epochs: number;
  /** The first seed; each further run takes the next. */
  readonly seed: number;
  /** How many runs. */
  readonly seeds: number;
  /** Examples in a batch. */
  readonly batch: number;
  /** Adam's rate at the first step; it falls to a tenth of that by the last. */
  readonly learningRate: number;
  readonly backend: 'wasm' | 'portable';
  /** Whether to tell how long each kernel of a step takes. */
  readonly profile: boolean;
}

/** The options, as `--help` shows them. */
export const options = {
  epochs: { type: 'string', default: '10', description: 'How often each digit is shown' },
  seed: { type: 'string', default: '1', description: 'Where weights and the order of digits start' },
  seeds: { type: 'string', default: '1', description: 'How many runs, each with the next seed' },
  batch: { type: 'string', default: '64', description: 'Digits in a batch' },
  learningRate: { type: 'string', default: '3e-3', description: 'Adam’s first rate; it falls to a tenth' },
  backend: { type: 'enum', options: ['wasm', 'portable'], default: 'wasm', description: 'What runs it' },
  profile: { type: 'boolean', default: false, description: 'How long each kernel of a step takes' },
} as const satisfies ArgsDef;

/** A mistake on the command line: its message is all that needs to be shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws a UsageError for unknown options and for values that make no sense. */
export function readSettings(words: string[]): Settings {
  const unknown = words.find((word) => word.startsWith('-') && !isKnown(word) && Number.isNaN(Number(word)));
  const args = parseArgs<typeof options>(words, options);
  const stray = unknown ?? args._.at(0);
  if (stray !== undefined) {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${stray} is not an option; the options are ${names.join(', ')}`);
  }
  return {
    epochs: whole('epochs', args.epochs, 1),
    seed: whole('seed', args.seed, 0),
    seeds: whole('seeds', args.seeds, 1),
    batch: whole('batch', args.batch, 1),
    learningRate: positive('learningRate', args.learningRate),
    backend: args.backend,
    profile: args.profile,
  };
}

function isKnown(word: string): boolean {
  const name = word.replace(/^--/, '').replace(/=.*$/s, '');
  return word.startsWith('--') && (Object.hasOwn(options, name) || name === 'learning-rate');
}

function whole(name: string, text: string, least: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isInteger(value) || value < least || value >= 2 ** 31) {
    throw new UsageError(`--${name}: expected a whole number of at least ${least}, got '${text}'`);
  }
  return value;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) {
    throw new UsageError(`--${name}: expected a number above 0, got '${text}'`);
  }
  return value;
}
