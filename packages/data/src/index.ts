export { type Dataset } from './dataset.js';
export { mnistDigits } from './mnist-digits.js';
export { split, type SplitOptions } from './split.js';
export { batches, type Batch, type BatchesOptions } from './batches.js';
