import { useSignal, type ReadonlySignal } from '@preact/signals';
import { proxy, type Remote } from 'comlink';
import { useRef } from 'preact/hooks';
import type { Evaluation, Progress } from './together.js';
import type { TrainingOptions } from './trainer.js';

/** One of several trainings, as a page shows it. */
export interface Run {
  readonly label: string;
  /** Which of the colours of series. */
  readonly style: number;
  readonly options: TrainingOptions;
  readonly losses: readonly number[];
  readonly diverged: boolean;
  readonly evaluations: readonly Evaluation[];
}

/** A worker that trains several networks side by side. */
export interface RunsWorker {
  /** Resolves when all have ended, or `stop` was called, or others were started. */
  train(
    folder: string,
    runs: readonly TrainingOptions[],
    report: (progress: readonly Progress[]) => void,
  ): Promise<void>;
  stop(): void;
}

export interface RunsHandle {
  readonly runs: ReadonlySignal<readonly Run[]>;
  readonly busy: ReadonlySignal<boolean>;
  /** What went wrong, in words. */
  readonly fault: ReadonlySignal<string | undefined>;
  readonly start: (planned: readonly Pick<Run, 'label' | 'style' | 'options'>[]) => Promise<void>;
  readonly stop: () => void;
}

/** Trainings that a worker runs, and what has become of them so far. */
export function useRuns(worker: Remote<RunsWorker>): RunsHandle {
  const runs = useSignal<readonly Run[]>([]);
  const busy = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const started = useRef(0);
  return {
    runs,
    busy,
    fault,
    async start(planned) {
      const turn = ++started.current;
      const current = (): boolean => turn === started.current;
      runs.value = planned.map((run) => ({ ...run, losses: [], diverged: false, evaluations: [] }));
      busy.value = true;
      fault.value = undefined;
      try {
        await worker.train(
          document.baseURI,
          planned.map(({ options }) => options),
          proxy((progress: readonly Progress[]) => {
            if (current()) runs.value = runs.value.map((run, i) => advance(run, progress[i]));
          }),
        );
      } catch (error) {
        if (current()) fault.value = String(error);
      } finally {
        if (current()) busy.value = false;
      }
    },
    stop() {
      void worker.stop();
    },
  };
}

function advance(run: Run, { losses, diverged, evaluations }: Progress): Run {
  return {
    ...run,
    losses: [...run.losses, ...losses],
    diverged,
    evaluations: [...run.evaluations, ...evaluations],
  };
}
