import type { Run } from '../../training/runs.js';

/** The training that ended with the lowest loss over all training digits, of those that have ended. */
export function lowest(runs: readonly Run[]): Run | undefined {
  return runs
    .filter(({ diverged, evaluations }) => !diverged && evaluations.length > 0)
    .reduce<Run | undefined>(
      (best, run) => (best === undefined || finalLoss(run) < finalLoss(best) ? run : best),
      undefined,
    );
}

/** The loss over all training digits at the end; NaN before. */
export function finalLoss(run: Run): number {
  return run.evaluations.at(-1)?.training.loss ?? NaN;
}
