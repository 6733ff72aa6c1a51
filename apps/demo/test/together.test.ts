import { mnistDigits, split, type Dataset } from '@downhill/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainTogether, type Progress } from '../src/training/together.js';
import { Trainer, type TrainingOptions } from '../src/training/trainer.js';

let training: Dataset;
let heldOut: Dataset;

beforeAll(async () => {
  const { images, labels } = await mnistDigits();
  [training, heldOut] = split(
    { shape: [1, 28, 28], images, labels },
    { counts: [100, 50, labels.length - 150] },
  );
});

const options: TrainingOptions = {
  layers: 'linear 8, relu, linear 10',
  initializer: 'he',
  seed: 0,
  rule: 'sgd',
  learningRate: 0.1,
  schedule: 'constant',
  steps: 12,
  batchSize: 10,
};

const idle = new AbortController().signal;

/** All that is reported of each training, put together. */
async function collect(
  runs: readonly TrainingOptions[],
  { evaluateEvery, signal = idle }: { evaluateEvery?: number; signal?: AbortSignal } = {},
): Promise<Progress[]> {
  let sums: Progress[] = runs.map(() => ({ losses: [], diverged: false, evaluations: [] }));
  await trainTogether(
    runs.map((run) => new Trainer(run, training)),
    { training, heldOut, evaluateEvery },
    (progress) => {
      sums = sums.map(({ losses, evaluations }, i) => ({
        losses: [...losses, ...progress[i].losses],
        diverged: progress[i].diverged,
        evaluations: [...evaluations, ...progress[i].evaluations],
      }));
    },
    signal,
  );
  return sums;
}

describe('trainings side by side', () => {
  it('go as each would alone', async () => {
    const slower = { ...options, learningRate: 0.01 };
    const [first, second] = await collect([options, slower]);
    for (const [run, { losses }] of [
      [options, first],
      [slower, second],
    ] as const) {
      const alone = new Trainer(run, training);
      expect(losses).toEqual(Array.from({ length: run.steps }, () => alone.step().loss));
    }
    // The same weights and the same batch: only the update differs.
    expect(first.losses[0]).toBe(second.losses[0]);
    expect(first.losses[5]).not.toBe(second.losses[5]);
  });

  it('are evaluated as often as is wanted, and at the end', async () => {
    const [{ evaluations }] = await collect([options], { evaluateEvery: 5 });
    expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 12]);
    const alone = new Trainer(options, training);
    for (let i = 0; i < 12; i++) alone.step();
    expect(evaluations[2].training).toEqual(alone.evaluate(training));
    expect(evaluations[2].heldOut).toEqual(alone.evaluate(heldOut));
  });

  it('end where the loss is no longer a number, while others go on', async () => {
    const wild = { ...options, layers: 'linear 30, relu, linear 30, relu, linear 10', learningRate: 1e20 };
    const [diverged, sound] = await collect([wild, options]);
    expect(diverged.diverged).toBe(true);
    expect(diverged.losses.length).toBeLessThan(options.steps);
    expect(diverged.losses.map(Number.isFinite)).toEqual(
      diverged.losses.map((_, i) => i < diverged.losses.length - 1),
    );
    expect(sound.diverged).toBe(false);
    expect(sound.losses).toHaveLength(options.steps);
  });

  it('stop when they are told to', async () => {
    const stopping = new AbortController();
    const running = collect([{ ...options, steps: 1e9 }], { signal: stopping.signal });
    setTimeout(() => {
      stopping.abort();
    }, 100);
    const [{ losses }] = await running;
    expect(losses.length).toBeGreaterThan(0);
  });
});
