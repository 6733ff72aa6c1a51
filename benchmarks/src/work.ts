import { type Figures } from './figures.js';
import { type Task } from './task.js';

/** One line of what is measured: a task, how its speed is told, and the bars it is held to. */
export interface Work {
  /** Unique; `--only` takes its first word. */
  readonly name: string;
  readonly description: string;
  readonly task: Task;
  readonly unit: Unit;
  /** What the machine can do at most is measured beside it: arithmetic, or memory too. */
  readonly ceiling: 'flops' | 'bytes';
  /** Seconds a contender may take in all until its first runs are done; 3 unless said. */
  readonly patience?: number;
  readonly bars: readonly Bar[];
}

/** How the time of a run is told. */
export interface Unit {
  readonly name: 'GF/s' | 'steps/s' | 'ms' | 'µs';
  readonly of: (seconds: number) => number;
}

export const gigaflops = (flops: number): Unit => ({ name: 'GF/s', of: (seconds) => flops / seconds / 1e9 });
export const stepsPerSecond: Unit = { name: 'steps/s', of: (seconds) => 1 / seconds };
export const milliseconds: Unit = { name: 'ms', of: (seconds) => seconds * 1e3 };
export const microseconds: Unit = { name: 'µs', of: (seconds) => seconds * 1e6 };

/** A goal and what comes of it: `measured` must be at least (or at most) so much. */
export interface Bar {
  readonly goal: string;
  readonly unit: 'x' | '%' | 'steps/s' | 'ms';
  /** `undefined` where one of what is compared is missing. */
  readonly measured: (figures: Figures) => number | undefined;
  readonly atLeast?: (figures: Figures) => number;
  readonly atMost?: (figures: Figures) => number;
}

/** How many times faster we are than a library, each with its best thread count. */
export function timesFaster(
  library: string,
  times: number,
  { ours = 'downhill wasm', tunedMalloc = false } = {},
): Bar {
  return {
    goal: `${times} times ${library}${tunedMalloc ? ' with tuned malloc' : ''}`,
    unit: 'x',
    measured: (figures) => {
      const [mine, theirs] = [figures.best(ours), figures.best(library, tunedMalloc)];
      return mine === undefined || theirs === undefined ? undefined : theirs / mine;
    },
    atLeast: () => times,
  };
}

/** The part of the machine's 128-bit peak that one thread reaches in its best round. */
export function ofPeak(flops: number, percent: number): Bar {
  return {
    goal: `${percent} % of the 128-bit peak, one thread`,
    unit: '%',
    measured: (figures) => {
      const seconds = figures.bestRound(1);
      return seconds === undefined ? undefined : (100 * flops) / seconds / figures.machine.flops;
    },
    atLeast: () => percent,
  };
}

/** The part of the machine's bandwidth, with as many threads, that we reach in the best round of 1 or 2. */
export function ofBandwidth(kind: 'copy' | 'read', bytes: number, percent: number, what: string): Bar {
  return {
    goal: `${percent} % of ${kind} bandwidth${what}`,
    unit: '%',
    measured: ({ bestRound, machine }) => {
      const parts = [1, 2].flatMap((threads) => {
        const time = bestRound(threads);
        // Two threads can do what one can; if they did less, a neighbour was at work.
        const bandwidth = Math.max(...(machine[kind]?.slice(0, threads) ?? []));
        return time === undefined || bandwidth < 0 ? [] : [(100 * bytes) / time / bandwidth];
      });
      return parts.length === 0 ? undefined : Math.max(...parts);
    },
    atLeast: () => percent,
  };
}
