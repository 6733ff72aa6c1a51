import { formatShape, sameShape, ShapeError, sizeOf, type Shape } from '@downhill/tensor';
import type { Augmentation } from './augmentations.js';
import { checkDataset, type Dataset } from './dataset.js';
import type { Picture } from './picture.js';
import { randomStream } from './random-stream.js';
import { checkWhole } from './shuffle.js';

/**
 * A dataset whose images have gone through `augmentations`, one after the other: `augment(training, [shift({ pixels: 2 })],
 * { seed: 1, epoch })`. What happens to an image depends on the seed, the epoch and its place alone; the dataset given stays as it is.
 */
export function augment(
  dataset: Dataset,
  augmentations: readonly Augmentation[],
  { seed = 0, epoch = 0 }: { readonly seed?: number; readonly epoch?: number } = {},
): Dataset {
  checkDataset(dataset, 'augment');
  checkWhole('augment: seed', seed);
  checkWhole('augment: epoch', epoch);
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
  for (let place = 0; place < labels.length; place++) {
    const picture = changed(images.subarray(place * size, (place + 1) * size), place);
    if (!sameShape(picture.shape, target) || picture.pixels.length !== targetSize) {
      throw new ShapeError(
        `augment: image ${place} became ${picture.pixels.length} numbers of shape ${formatShape(picture.shape)}; ` +
          `expected ${formatShape(target)}, as for the others`,
      );
    }
    result.set(picture.pixels, place * targetSize);
  }
  return { shape: target, images: result, labels };
}
