import { tensor, type Tensor } from '@downhill/tensor';
import { augment } from './augment.js';
import type { Augmentation } from './augmentations.js';
import { checkDataset, takeExamples, type Dataset } from './dataset.js';
import { checkWhole, shuffledOrder } from './shuffle.js';

export interface Batch {
  /** [size, ...shape], float32; the shape of one image is the dataset's, or what augmentations make of it. */
  readonly images: Tensor;
  /** [size], int32. */
  readonly labels: Tensor;
}

export interface BatchesOptions {
  /** Examples in a batch; at least 1. */
  readonly size: number;
  /** Which of the random orders; 0 by default. */
  readonly seed?: number;
  /** Each epoch has an order of its own; 0 by default. */
  readonly epoch?: number;
  /** Whether the order is random; true by default. */
  readonly shuffle?: boolean;
  /** Whether a last batch that would be smaller is left out (a compiled step then needs one program, not two); false by default. */
  readonly dropLast?: boolean;
  /** What changes images at random, one after the other: `[shift({ pixels: 2 })]`; nothing by default. See `augment`. */
  readonly augmentations?: readonly Augmentation[];
}

/**
 * One epoch: each example once, in batches. The order, and what augmentations do, depend on `seed` and `epoch` alone, so a
 * run that is taken up again at epoch 7 sees what it would have seen.
 */
export function batches(
  dataset: Dataset,
  { size, seed = 0, epoch = 0, shuffle = true, dropLast = false, augmentations = [] }: BatchesOptions,
): Iterable<Batch> {
  checkDataset(dataset, 'batches');
  checkWhole('batches: size', size, 1);
  checkWhole('batches: seed', seed);
  checkWhole('batches: epoch', epoch);
  const count = dataset.labels.length;
  const end = dropLast ? count - (count % size) : count;
  const order = shuffle
    ? shuffledOrder(count, seed, epoch + 1)
    : Uint32Array.from({ length: count }, (_, i) => i);
  return {
    *[Symbol.iterator]() {
      for (let start = 0; start < end; start += size) {
        const places = order.subarray(start, Math.min(start + size, end));
        const taken = takeExamples(dataset, places);
        const { shape, images, labels } =
          augmentations.length === 0 ? taken : augment(taken, augmentations, { seed, epoch, places });
        yield { images: tensor(images, { shape: [labels.length, ...shape] }), labels: tensor(labels) };
      }
    },
  };
}
