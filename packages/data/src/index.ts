export { type Dataset } from './dataset.js';
export { mnistDigits } from './mnist-digits.js';
export { split, type SplitOptions } from './split.js';
export { batches, type Batch, type BatchesOptions } from './batches.js';
export { augment, type AugmentOptions } from './augment.js';
export { crop, cutout, flip, rotate, scale, shift, type Augmentation } from './augmentations.js';
export { type Picture } from './picture.js';
export {
  meanSubtraction,
  principalComponents,
  standardization,
  whitening,
  type PerOptions,
  type Preprocessing,
  type PrincipalComponents,
  type PrincipalComponentsOptions,
} from './preprocessing.js';
export { readIdx, type IdxArray } from './idx.js';
export { fashionMnist } from './fashion-mnist.js';
