import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import { expose, transfer } from 'comlink';
import { loadDigits } from '../../training/digits.js';
import { loop } from '../../training/loop.js';
import { Trainer, type TrainingOptions } from '../../training/trainer.js';
import type { Examples } from './jobs.js';

/** Enough for two hundred small steps, and little to hand over. */
const COUNT = 3000;

/** On one thread, as in the sandbox. */
let starting: Promise<void> | undefined;

async function examples(folder: string): Promise<Examples> {
  const { training } = await loadDigits(folder);
  return {
    shape: training.shape,
    images: Float32Array.from(training.images.subarray(0, COUNT * 784)),
    labels: Int32Array.from(training.labels.subarray(0, COUNT)),
  };
}

const api = {
  /** The digits that all train on. */
  async examples(folder: string): Promise<Examples> {
    const made = await examples(folder);
    return transfer(made, [made.images.buffer, made.labels.buffer]);
  },
  /** Trains with a built-in rule. */
  async train(
    folder: string,
    options: TrainingOptions,
    report: (losses: readonly number[]) => void,
  ): Promise<void> {
    starting ??= wasm({ threads: 1 }).then(setBackend);
    await starting;
    const trainer = new Trainer(options, await examples(folder));
    let losses: number[] = [];
    await loop(
      () => losses.push(trainer.step().loss) > 0 && trainer.steps < options.steps,
      () => {
        report(losses);
        losses = [];
      },
      new AbortController().signal,
    );
  },
};

export type TrainingWorker = typeof api;

expose(api);
