import {
  cast,
  floor,
  formatShape,
  iota,
  less,
  lessEqual,
  logicalAnd,
  mean,
  random,
  ShapeError,
  sqrt,
  sub,
  take,
  unsqueeze,
  where,
  type Generator,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { blend, checkBatch, type MixedBatch, type MixOptions } from './mixup.js';
import { symmetricBeta } from './symmetric-beta.js';

/**
 * A box of each image taken from another of its batch, and its label mixed by areas. The box has the image's proportions
 * and an area of 1 − λ, its centre anywhere; what lies outside is cut off. Yun et al. (2019), equations 1 and 2, with one
 * box a batch.
 *
 * @param images [N, C, H, W], float32 or float64
 * @param targets soft labels, [N, ...], such as `oneHot(labels, classes)`
 */
export function cutmix(
  images: Tensor | Variable,
  targets: Tensor | Variable,
  { alpha = 1, generator }: MixOptions = {},
): MixedBatch {
  checkBatch('cutmix', images, targets);
  if (images.rank !== 4) {
    throw new ShapeError(`cutmix: expected images [N, C, H, W], got ${formatShape(images.shape)}`);
  }
  const [count, , height, width] = images.shape;
  const side = sqrt(sub(1, symmetricBeta('cutmix', alpha, generator)));
  const rows = cut(height, side, generator);
  const columns = cut(width, side, generator);
  const inside = logicalAnd(unsqueeze(rows, 1), columns);
  const partners = random.permutation(count, { generator });
  const share = sub(1, mean(cast(inside, 'float64')));
  return {
    inputs: where(inside, take(images, partners), images),
    targets: blend(targets, take(targets, partners), share),
    share,
  };
}

/** Which places of an axis a stretch of `part` of its length around a random centre covers. */
function cut(extent: number, part: Tensor, generator: Generator | undefined): Tensor {
  const half = floor(part.mul(extent).mul(0.5));
  const centre = floor(random.uniform([], { high: extent, dtype: 'float64', generator }));
  const places = iota(extent);
  return logicalAnd(lessEqual(centre.sub(half), places), less(places, centre.add(half)));
}
