import type { Dataset } from '@downhill/data';
import { loop } from './loop.js';
import type { StepResult, Trainer } from './trainer.js';

/** Loss and accuracy over whole sets of examples. */
export interface Evaluation {
  /** Steps taken before. */
  readonly step: number;
  readonly training: StepResult;
  readonly heldOut: StepResult;
}

/** What has become of one of several trainings since the last report. */
export interface Progress {
  /** The loss of each batch, before its update. */
  readonly losses: readonly number[];
  /** Whether a loss was no longer a finite number: that training has ended. */
  readonly diverged: boolean;
  readonly evaluations: readonly Evaluation[];
}

export interface TogetherOptions {
  readonly training: Dataset;
  readonly heldOut: Dataset;
  /** Steps between evaluations; each training is evaluated at its end in any case. */
  readonly evaluateEvery?: number;
}

/**
 * Trains several networks side by side, a step of each in turn, until all have taken their steps, diverged, or `signal` is
 * aborted. `report` gets one entry for each of them.
 */
export async function trainTogether(
  trainers: readonly Trainer[],
  { training, heldOut, evaluateEvery = Infinity }: TogetherOptions,
  report: (progress: readonly Progress[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const runs = trainers.map((trainer) => ({ trainer, diverged: false, ...nothing() }));
  const evaluate = (run: (typeof runs)[number]): void => {
    run.evaluations.push({
      step: run.trainer.steps,
      training: run.trainer.evaluate(training),
      heldOut: run.trainer.evaluate(heldOut),
    });
  };
  const goesOn = ({ trainer, diverged }: (typeof runs)[number]): boolean =>
    !diverged && trainer.steps < trainer.options.steps;
  await loop(
    () => {
      for (const run of runs.filter(goesOn)) {
        const { loss } = run.trainer.step();
        run.losses.push(loss);
        run.diverged = !Number.isFinite(loss);
        if (!goesOn(run) || run.trainer.steps % evaluateEvery === 0) evaluate(run);
      }
      return runs.some(goesOn);
    },
    () => {
      report(runs.map(({ losses, diverged, evaluations }) => ({ losses, diverged, evaluations })));
      for (const run of runs) Object.assign(run, nothing());
    },
    signal,
  );
}

function nothing(): { losses: number[]; evaluations: Evaluation[] } {
  return { losses: [], evaluations: [] };
}
