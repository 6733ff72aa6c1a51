import { gradients } from '@downhill/autograd';
import { batches, type Augmentation, type Dataset } from '@downhill/data';
import { crossEntropy, type Module } from '@downhill/layers';
import type { Optimizer } from '@downhill/optimizers';
import { compile, type Generator, type Tensor } from '@downhill/tensor';
import type { Shelf, Watch } from './experiment.js';
import { putDown, takeUp } from './training-state.js';

/** How a classifier is trained. */
export interface Learning {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly training: Dataset;
  readonly epochs: number;
  /** Examples in a batch; what is left of an epoch is dropped, so that there is one program. */
  readonly batch: number;
  /** Of the order of examples, and of what augmentations do. */
  readonly seed: number;
  readonly augmentations?: readonly Augmentation[];
  /** What the model draws masks from, if it does. */
  readonly generators?: readonly Generator[];
}

/** How well a classifier does: its mean cross entropy, and the share of examples it gets right. */
export type Score = { readonly loss: number; readonly accuracy: number };

/**
 * Trains a classifier with one compiled step. Returns how it did in each epoch, on each batch before it learned from it. With a
 * shelf it goes on after the last epoch that was finished, to the bit as if it had not been stopped.
 */
export async function learn(
  { model, optimizer, training, epochs, batch: size, seed, augmentations, generators = [] }: Learning,
  watch: Watch,
  shelf?: Shelf,
): Promise<Score[]> {
  const state = { model, optimizer, generators };
  const scores = shelf?.bytes === undefined ? [] : takeUp(shelf.bytes, state);
  const parameters = model.parameters();
  const step = compile((images: Tensor, labels: Tensor) => {
    const logits = model.forward(images, { training: true });
    const loss = crossEntropy(logits, labels);
    optimizer.step(parameters, gradients(loss, parameters));
    return { loss, correct: countCorrect(logits, labels) };
  });
  const steps = stepsPerEpoch(training, size);
  for (let epoch = scores.length; epoch < epochs; epoch++) {
    let [done, loss, correct] = [0, 0, 0];
    for (const { images, labels } of batches(training, {
      size,
      seed,
      epoch,
      dropLast: true,
      augmentations,
    })) {
      const result = step(images, labels);
      loss += (await result.loss.data())[0];
      correct += (await result.correct.data())[0];
      done++;
      const note = `epoch ${epoch + 1}/${epochs}  loss ${(loss / done).toFixed(4)}`;
      await watch((epoch * steps + done) / (epochs * steps), note);
    }
    scores.push({ loss: loss / done, accuracy: correct / (done * size) });
    shelf?.put(await putDown(state, scores));
  }
  return scores;
}

/** The steps of one epoch in `learn`. */
export function stepsPerEpoch({ labels }: Dataset, batch: number): number {
  return Math.floor(labels.length / batch);
}

/** How a classifier does on a dataset, as in use: nothing dropped, running statistics. */
export async function scoreOn(model: Module, dataset: Dataset): Promise<Score> {
  const evaluate = compile((images: Tensor, labels: Tensor) => {
    const logits = model.forward(images);
    return {
      loss: crossEntropy(logits, labels, { reduction: 'sum' }),
      correct: countCorrect(logits, labels),
    };
  });
  let [loss, correct] = [0, 0];
  for (const { images, labels } of batches(dataset, { size: 500, shuffle: false })) {
    const result = evaluate(images, labels);
    loss += (await result.loss.data())[0];
    correct += (await result.correct.data())[0];
  }
  const count = dataset.labels.length;
  return { loss: loss / count, accuracy: correct / count };
}

/** How many rows have their largest score at the label. */
function countCorrect(logits: Tensor, labels: Tensor): Tensor {
  return logits.argmax({ axis: 1 }).equal(labels).sum();
}
