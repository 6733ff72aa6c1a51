import { batches, type Dataset } from '@downhill/data';
import { crossEntropy, softmax } from '@downhill/layers';
import { compile, sizeOf, type Tensor } from '@downhill/tensor';
import type { Network } from '../network/layers.js';

/** An example that was taken for another class. */
export interface Mistake {
  /** Its place in the data. */
  readonly index: number;
  readonly image: Float32Array;
  readonly label: number;
  readonly predicted: number;
  /** Of the class it was taken for, 0 to 1. */
  readonly probability: number;
  readonly loss: number;
}

/** How a network does on examples it does not learn from. */
export interface Examination {
  /** The mean over all examples. */
  readonly loss: number;
  readonly accuracy: number;
  /** How many examples of each class (rows) were taken for each class (columns). */
  readonly confusion: readonly (readonly number[])[];
  /** The mistakes with the largest losses, the largest first. */
  readonly worst: readonly Mistake[];
}

/** Examples of one call. */
const CHUNK = 250;
/** How many of the worst mistakes are told. */
const WORST = 12;

/** Examines a network on the same examples again and again. */
export class Examiner {
  readonly #data: Dataset;
  readonly #examine: (images: Tensor, labels: Tensor) => { losses: Tensor; probabilities: Tensor };

  constructor({ model }: Network, data: Dataset) {
    this.#data = data;
    this.#examine = compile((images: Tensor, labels: Tensor) => {
      const logits = model.forward(images);
      return {
        losses: crossEntropy(logits, labels, { reduction: 'none' }),
        probabilities: softmax(logits, { axis: 1 }),
      };
    });
  }

  /** Goes through all examples; `between` is awaited after each part of them, so that others get their turn. */
  async examine(between: () => Promise<void>): Promise<Examination> {
    const { labels, images, shape } = this.#data;
    const size = sizeOf(shape);
    const losses: number[] = [];
    const rows: Float32Array[] = [];
    for (const batch of batches(this.#data, { size: CHUNK, shuffle: false })) {
      const output = this.#examine(batch.images, batch.labels);
      const probabilities = Float32Array.from(output.probabilities.dataSync(), Number);
      const classes = probabilities.length / batch.labels.size;
      losses.push(...Array.from(output.losses.dataSync(), Number));
      for (let i = 0; i < batch.labels.size; i++) {
        rows.push(probabilities.subarray(i * classes, (i + 1) * classes));
      }
      await between();
    }
    const predictions = rows.map(likeliest);
    const confusion = Array.from(rows[0], () => Array.from(rows[0], () => 0));
    predictions.forEach((predicted, i) => confusion[labels[i]][predicted]++);
    const mistakes = predictions.flatMap((predicted, index): Mistake[] =>
      predicted === labels[index]
        ? []
        : [
            {
              index,
              image: images.slice(index * size, (index + 1) * size),
              label: labels[index],
              predicted,
              probability: rows[index][predicted],
              loss: losses[index],
            },
          ],
    );
    return {
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      accuracy: 1 - mistakes.length / predictions.length,
      confusion,
      worst: mistakes.sort((a, b) => b.loss - a.loss).slice(0, WORST),
    };
  }
}

function likeliest(probabilities: Float32Array): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
