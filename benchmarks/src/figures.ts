import { type ContenderName } from './contender.js';
import { type Machine } from './machine.js';

/** What became of one contender at one work. */
export interface Outcome {
  readonly name: ContenderName;
  /** The median time of a run, if it has one that counts. */
  readonly seconds?: number;
  /** The best round's: what the machine can do at most is the best of its runs too. */
  readonly bestSeconds?: number;
  /** From how many runs it is, where the contender was too slow to take part in the rounds. */
  readonly fromRuns?: number;
  /** Why there is no time, or what should be known about it. */
  readonly remark?: string;
}

/** All that was measured of one work, for its bars. */
export class Figures {
  constructor(
    readonly machine: Machine,
    readonly outcomes: readonly Outcome[],
  ) {}

  /** Seconds a run takes; plain malloc unless said. */
  readonly seconds = (library: string, threads: number, tunedMalloc = false): number | undefined =>
    this.outcomes.find(
      ({ name }) =>
        name.library === library && name.threads === threads && (name.tunedMalloc ?? false) === tunedMalloc,
    )?.seconds;

  /** What ceilings are compared with: our best round. */
  readonly bestRound = (threads: number): number | undefined =>
    this.outcomes.find(({ name }) => name.library === 'downhill wasm' && name.threads === threads)
      ?.bestSeconds;

  /** What a run takes with the best thread count. */
  readonly best = (library: string, tunedMalloc = false): number | undefined => {
    const times = [1, 2].flatMap((threads) => this.seconds(library, threads, tunedMalloc) ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  };
}
