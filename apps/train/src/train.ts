import { batches, type Dataset } from '@downhill/data';
import { tensor, type Tensor } from '@downhill/tensor';
import { makeNetwork } from './network.js';
import type { Stopwatch } from './stopwatch.js';

export interface TrainingSettings {
  readonly epochs: number;
  readonly seed: number;
  /** Examples in a batch. */
  readonly batch: number;
  readonly learningRate: number;
}

/** How far the training is after one of its steps. */
export interface Progress {
  /** The epoch that the step belongs to; the first is 1. */
  readonly epoch: number;
  /** Steps done, and steps in all. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of this epoch so far. */
  readonly loss: number;
  /** Share of this epoch's digits so far that were recognized before the network learned from them. */
  readonly accuracy: number;
  /** Whether this was the last step of its epoch. */
  readonly endsEpoch: boolean;
  /** The share of the held-out digits that the network recognizes now. */
  readonly test: () => number;
  /** Does one more step and tells how long each of its kernels took. */
  readonly profile: () => string;
}

/** Trains one network and tells of every step, so that whoever listens may show it, or stop. */
export function* train(
  training: Dataset,
  heldOut: Dataset,
  { epochs, seed, batch: size, learningRate }: TrainingSettings,
  stopwatch: Stopwatch,
): Generator<Progress, void, void> {
  const count = training.labels.length;
  const stepsPerEpoch = Math.ceil(count / size);
  const steps = stepsPerEpoch * epochs;
  const network = makeNetwork({ seed, learningRate, steps });
  const test = {
    images: tensor(heldOut.images, { shape: [heldOut.labels.length, ...heldOut.shape] }),
    labels: tensor(heldOut.labels),
  };
  stopwatch.measure('compiling', () => network.evaluate.program(test.images, test.labels));
  const testNow = (): number =>
    stopwatch.measure('evaluation', () => network.evaluate(test.images, test.labels).item()) /
    heldOut.labels.length;

  /** The first batch: the last one of an epoch may be smaller. */
  let usual: readonly [Tensor, Tensor] | undefined;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const iterator = batches(training, { size, seed, epoch })[Symbol.iterator]();
    let shown = 0;
    let totalLoss = 0;
    let correct = 0;
    for (let inEpoch = 1; inEpoch <= stepsPerEpoch; inEpoch++) {
      const next = stopwatch.measure('batches', () => iterator.next());
      if (next.done === true)
        throw new Error(`epoch ${epoch + 1} ended after ${inEpoch - 1} of ${stepsPerEpoch} batches`);
      const { images, labels } = next.value;
      const profiled = (usual ??= [images, labels]);
      // The programs, for the usual batch and a smaller last one, are made here once, so that they are not counted as steps.
      if (epoch === 0 && (inEpoch === 1 || inEpoch === stepsPerEpoch)) {
        stopwatch.measure('compiling', () => network.step.program(images, labels));
      }
      stopwatch.measure('steps', () => {
        const result = network.step(images, labels);
        totalLoss += result.loss.item() * labels.size;
        correct += result.correct.item();
      });
      shown += labels.size;
      yield {
        epoch: epoch + 1,
        step: epoch * stepsPerEpoch + inEpoch,
        steps,
        loss: totalLoss / shown,
        accuracy: correct / shown,
        endsEpoch: inEpoch === stepsPerEpoch,
        test: testNow,
        profile: () => stopwatch.measure('profile', () => network.step.profile(...profiled)),
      };
    }
  }
}
