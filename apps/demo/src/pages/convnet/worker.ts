import { expose } from 'comlink';
import { loadDigits } from '../../training/digits.js';
import { startBackend } from '../../training/backend.js';
import { loop } from '../../training/loop.js';
import { Trainer, type StepResult, type TrainingOptions } from '../../training/trainer.js';

export interface Report {
  readonly steps: number;
  /** Loss and accuracy of each step since the last report. */
  readonly results: readonly StepResult[];
  readonly stepsPerSecond: number;
}

let trainer: Trainer | undefined;
let running = new AbortController();

const api = {
  async start(folder: string, options: TrainingOptions): Promise<{ threads: number }> {
    const threads = await startBackend();
    const digits = await loadDigits(folder);
    trainer = new Trainer(options, digits.training);
    return { threads };
  },
  async run(report: (report: Report) => void): Promise<void> {
    const training = trainer;
    if (training === undefined) return;
    running = new AbortController();
    let results: StepResult[] = [];
    let since = performance.now();
    await loop(
      () => results.push(training.step()) > 0 && training.steps < training.options.steps,
      () => {
        const now = performance.now();
        report({ steps: training.steps, results, stepsPerSecond: (results.length * 1000) / (now - since) });
        since = now;
        results = [];
      },
      running.signal,
    );
  },
  pause(): void {
    running.abort();
  },
};

export type ConvnetWorker = typeof api;

expose(api);
