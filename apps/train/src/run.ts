import { setImmediate } from 'node:timers/promises';
import { mnistDigits, split } from '@downhill/data';
import { wasm } from '@downhill/backend-wasm';
import { portable, setBackend } from '@downhill/tensor';
import { describeProgress, Display, percent, type Output, type Pace } from './display.js';
import type { Settings } from './settings.js';
import { Stopwatch } from './stopwatch.js';
import { train, type Progress } from './train.js';

/** Milliseconds between two looks at the terminal: often enough to seem alive and to notice Ctrl-C at once. */
const REFRESH = 100;

/** The split is the same in every run, whatever the seed of the training. */
const SPLIT = { counts: [8000, 2000], seed: 0 };

/**
 * Trains as often as the settings say and prints how it goes. Returns the held-out accuracy after the last epoch of each
 * run that was not stopped; `signal` stops at the next look.
 */
export async function run(settings: Settings, output: Output, signal: AbortSignal): Promise<number[]> {
  const display = new Display(output);
  const stopwatch = new Stopwatch();
  setBackend(settings.backend === 'wasm' ? await stopwatch.measureAsync('backend', wasm) : portable());
  const digits = await stopwatch.measureAsync('data', mnistDigits);
  const [training, heldOut] = stopwatch.measure('data', () => split(digits, SPLIT));
  const sizes = [training, heldOut].map(({ labels }) => labels.length.toLocaleString('en'));
  display.line(
    `${sizes[0]} digits to learn from, ${sizes[1]} held out; 784-256-256-10 on ${settings.backend}`,
  );

  const results: number[] = [];
  for (let seed = settings.seed; seed < settings.seed + settings.seeds && !signal.aborted; seed++) {
    if (settings.seeds > 1) display.line(`seed ${seed}`);
    const accuracy = await runOnce(seed);
    if (accuracy !== undefined) results.push(accuracy);
  }
  if (results.length > 1) {
    const mean = results.reduce((sum, accuracy) => sum + accuracy) / results.length;
    display.line(`mean test accuracy of ${results.length} seeds: ${percent(mean)}`);
  }
  display.line(`where the time went: ${String(stopwatch)}`);
  return results;

  /** The held-out accuracy after the last epoch, or undefined if stopped before. */
  async function runOnce(seed: number): Promise<number | undefined> {
    const start = stopwatch.elapsed;
    let looked = start;
    const isLast = seed === settings.seed + settings.seeds - 1;
    let accuracy: number | undefined;
    for (const progress of train(training, heldOut, { ...settings, seed }, stopwatch)) {
      const { step, steps, endsEpoch, loss } = progress;
      if (!endsEpoch && stopwatch.elapsed - looked < REFRESH) continue;
      accuracy = endsEpoch ? progress.test() : undefined;
      const text = describeProgress(progress, settings.epochs, paceOf(progress, start, seed), accuracy);
      if (endsEpoch) display.line(text);
      else display.live(text);
      // Lets the terminal and Ctrl-C have their turn.
      await setImmediate();
      looked = stopwatch.elapsed;
      if (step === steps && isLast && settings.profile) {
        display.line(`a step of ${settings.batch} digits, kernel by kernel:`);
        display.line(progress.profile());
      }
      if (signal.aborted && step < steps) {
        const now = percent(accuracy ?? progress.test());
        display.line(
          `stopped after ${step} of ${steps} steps: loss ${loss.toFixed(4)}, test accuracy ${now}`,
        );
        return undefined;
      }
    }
    if (accuracy !== undefined)
      display.line(`test accuracy ${percent(accuracy)} after epoch ${settings.epochs}`);
    return accuracy;
  }

  function paceOf({ step, steps }: Progress, start: number, seed: number): Pace {
    const elapsed = (stopwatch.elapsed - start) / 1000;
    const runsLeft = settings.seed + settings.seeds - 1 - seed;
    return {
      stepsPerSecond: step / elapsed,
      secondsLeft: (elapsed / step) * (steps - step + runsLeft * steps),
    };
  }
}
