/** Words of a cache line. */
export const LINE_WORDS = 16;

/**
 * The words by which threads meet, in the memory they share: places in 32-bit words from the start of the block. Those that
 * different threads write stand in cache lines of their own.
 */
export const CONTROL = {
  /** Threads that have arrived at the barrier. */
  arrived: 0,
  /** How often the barrier has opened. */
  opened: 16,
  /** Threads asleep at the barrier. */
  asleep: 32,
  /** How many runs have begun. */
  runs: 48,
  /** Workers asleep between runs. */
  resting: 64,
  /** Set by a worker that has failed. */
  failed: 80,
  /** What the run is: the program's number, where its module lies (0: the workers have it), how long that is, its table. */
  program: 96,
  module: 97,
  moduleBytes: 98,
  table: 99,
  /** Set when the workers are to end. */
  closed: 100,
  /** Of each thread's part of a kernel: how many pieces have been claimed, and after which barrier. A cache line for each thread. */
  claims: 112,
} as const;

/** The bytes of all words for so many threads. */
export function controlBytes(threads: number): number {
  return 4 * (CONTROL.claims + threads * LINE_WORDS);
}

/** How many programs each worker keeps. */
export const KEPT_PROGRAMS = 256;
