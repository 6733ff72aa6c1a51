import { formatShape, sameShape, ShapeError, sizeOf, type Shape } from '@downhill/tensor';
import type { Augmentation } from './augmentations.js';
import { checkDataset, type Dataset } from './dataset.js';
import type { Picture } from './picture.js';
import { randomStream } from './random-stream.js';
import { checkWhole } from './shuffle.js';

export interface AugmentOptions {
  /** Which of the random changes; 0 by default. */
  readonly seed?: number;
  /** Each epoch has changes of its own; 0 by default. */
  readonly epoch?: number;
  /** For a part of a dataset: where its images stand in the whole. Their places in `dataset` by default. */
  readonly places?: ArrayLike<number>;
}

/**
 * A dataset whose images have gone through `augmentations`, one after the other: `augment(training, [shift({ pixels: 2 })],
 * { seed: 1, epoch })`. What happens to an image depends on the seed, the epoch and its place alone; the dataset given stays as it
 * is. To train with, `batches` does this batch by batch.
 */
export function augment(
  dataset: Dataset,
  augmentations: readonly Augmentation[],
  { seed = 0, epoch = 0, places = dataset.labels.map((_, i) => i) }: AugmentOptions = {},
): Dataset {
  checkDataset(dataset, 'augment');
  checkWhole('augment: seed', seed);
  checkWhole('augment: epoch', epoch);
  if (places.length !== dataset.labels.length) {
    throw new ShapeError(
      `augment: ${dataset.labels.length} images want as many places, got ${places.length}`,
    );
  }
  const { shape, images, labels } = dataset;
  const size = sizeOf(shape);
  const changed = (pixels: Float32Array, place: number): Picture => {
    const random = randomStream(seed, epoch, place);
    return augmentations.reduce<Picture>((picture, augmentation) => augmentation(picture, random), {
      shape,
      pixels,
    });
  };
  // What comes out has one shape for all; a black image tells which.
  const target: Shape = changed(new Float32Array(size), 0).shape;
  const targetSize = sizeOf(target);
  const result = new Float32Array(labels.length * targetSize);
  for (let i = 0; i < labels.length; i++) {
    const picture = changed(images.subarray(i * size, (i + 1) * size), places[i]);
    if (!sameShape(picture.shape, target) || picture.pixels.length !== targetSize) {
      throw new ShapeError(
        `augment: image ${places[i]} became ${picture.pixels.length} numbers of shape ${formatShape(picture.shape)}; ` +
          `expected ${formatShape(target)}, as for the others`,
      );
    }
    result.set(picture.pixels, i * targetSize);
  }
  return { shape: target, images: result, labels };
}
