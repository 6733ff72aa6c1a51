import { setImmediate } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { Display, type Output } from './display.js';
import type { Experiment, Watch } from './experiment.js';
import { KeptParts } from './kept-parts.js';
import { UnfinishedPart } from './unfinished-part.js';
import { formatSeconds, plainTable, secondsOf, writeResult, type Surroundings } from './result.js';

export interface VerifyOptions {
  readonly output: Output;
  /** Stops at the next look; finished parts are kept. */
  readonly signal: AbortSignal;
  /** Where results are written. */
  readonly results: string;
  /** Where finished parts are kept until their experiment is finished. */
  readonly kept: string;
  readonly surroundings: () => Surroundings;
}

/** Milliseconds between two looks at the terminal. */
const REFRESH = 100;

class Stopped extends Error {}

/** Runs experiments one after another. Returns the names of those that were finished, and whether their claims hold. */
export async function verify(
  experiments: readonly Experiment[],
  { output, signal, results, kept: directory, surroundings }: VerifyOptions,
): Promise<ReadonlyMap<string, boolean>> {
  const display = new Display(output);
  const verdicts = new Map<string, boolean>();
  try {
    for (const experiment of experiments) {
      display.line(`${experiment.name}: ${experiment.claim}`);
      const kept = new KeptParts(directory, experiment);
      await runParts(experiment, kept);
      const outcomes = new Map([...kept.all()].map(([part, { outcome }]) => [part, outcome]));
      const conclusion = experiment.conclude(outcomes);
      writeResult(results, experiment, kept.all(), conclusion, surroundings());
      for (const line of plainTable(conclusion)) display.line(line);
      for (const finding of conclusion.findings) display.line(finding);
      const seconds = formatSeconds(secondsOf(kept.all()));
      display.line(`${experiment.name} ${conclusion.holds ? 'holds' : 'DOES NOT HOLD'} (${seconds})`);
      verdicts.set(experiment.name, conclusion.holds);
      kept.clear();
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    display.line('stopped; what was finished is kept, and the same command goes on from there');
  }
  return verdicts;

  async function runParts(experiment: Experiment, kept: KeptParts): Promise<void> {
    const { parts, run } = experiment;
    const found = parts.filter((part) => kept.get(part) !== undefined).length;
    if (found > 0) display.line(`${found} of ${parts.length} parts were finished before`);
    let begun = performance.now();
    let [here, shown] = [0, 0];
    for (const [place, part] of parts.entries()) {
      if (kept.get(part) !== undefined) continue;
      const unfinished = new UnfinishedPart(directory, experiment, part);
      if (unfinished.seconds > 0) display.line(`${part} was begun before`);
      begun -= 1000 * unfinished.seconds;
      const start = performance.now() - 1000 * unfinished.seconds;
      const secondsSoFar = (): number => (performance.now() - start) / 1000;
      const watch: Watch = async (share, note = '') => {
        if (signal.aborted) throw new Stopped();
        if (performance.now() - shown < REFRESH) return;
        const left = ((performance.now() - begun) / (here + share)) * (parts.length - found - here - share);
        display.live(
          `${place + 1}/${parts.length}  ${part}  ${Math.round(100 * share)} %  ${note}  ` +
            `${formatSeconds(left / 1000)} left`,
        );
        await setImmediate();
        shown = performance.now();
        if (signal.aborted) throw new Stopped();
      };
      // A look before each part, so that short ones can be stopped too.
      await setImmediate();
      if (signal.aborted) throw new Stopped();
      const outcome = await run(part, watch, {
        bytes: unfinished.bytes,
        put: (bytes) => {
          unfinished.put(bytes, secondsSoFar());
        },
      });
      const seconds = secondsSoFar();
      kept.keep(part, { outcome, seconds });
      unfinished.clear();
      here++;
      display.line(
        `${place + 1}/${parts.length}  ${part}  ${JSON.stringify(outcome)}  ${seconds.toFixed(1)} s`,
      );
    }
  }
}
