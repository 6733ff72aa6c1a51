/** Runs that are not judged: on each thread the engine has yet to put its best code in place of the first. */
const FIRST_RUNS = 64;
/** Runs whenever the other way is tried; the first only wakes the workers up. */
const TRIED = 8;
/** Runs until it is tried again: so many at first, twice as many whenever nothing came of it, and these at the most. */
const LEAST_WAIT = 32;
const MOST_WAIT = 1024;
/** What part of the time one thread alone must spare to be left to it: bursts of other work come and go. */
const GAIN = 0.2;

/**
 * Decides run by run whether all threads take part in a program or one does it alone, by how long runs took. Where other
 * programs keep a core busy, threads that meet after each kernel wait for the one that is held up, and one alone is faster.
 */
export class Pace {
  #isShared = true;
  #isTrying = false;
  /** Runs until this way has had its turn. */
  #left = FIRST_RUNS;
  #wait = LEAST_WAIT;
  /** Milliseconds of the last runs of this turn. */
  #times: number[] = [];
  /** What the way that is held to took, while the other is tried. */
  #usual = NaN;

  /** Whether all threads should take part in the next run; one that does not count (`ran` is not told) goes as usual. */
  isShared(counts: boolean): boolean {
    return this.#isShared !== (this.#isTrying && !counts);
  }

  /** Takes note of how long a run took that went as `isShared` said. */
  ran(milliseconds: number): void {
    this.#times = [...this.#times.slice(1 - TRIED), milliseconds];
    if (--this.#left > 0) return;
    const [, ...times] = this.#times;
    // The second best: what holds up a run now and then says nothing, nor does one lucky run where most are held up.
    const [, usual] = times.sort((a, b) => a - b);
    this.#times = [];
    const limit = this.#isShared ? this.#usual : this.#usual * (1 - GAIN);
    if (this.#isTrying && usual < limit) {
      this.#isTrying = false;
      this.#wait = LEAST_WAIT;
    } else {
      if (this.#isTrying) this.#wait = Math.min(2 * this.#wait, MOST_WAIT);
      this.#isTrying = !this.#isTrying;
      this.#isShared = !this.#isShared;
      this.#usual = usual;
    }
    this.#left = this.#isTrying ? TRIED : this.#wait;
  }
}
