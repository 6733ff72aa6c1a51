import { DownhillError, formatShape, sameShape, ShapeError, sizeOf, type Shape } from '@downhill/tensor';
import { checkDataset, type Dataset } from './dataset.js';
import { extentsOf } from './picture.js';
import { checkWhole } from './shuffle.js';
import { symmetricEigen } from './symmetric-eigen.js';

/** What was measured on the training part, and is done with it to any part alike. */
export interface Preprocessing {
  /** A new dataset; the one given stays as it is. Throws a ShapeError for images of another shape than it was fitted on. */
  apply(dataset: Dataset): Dataset;
  /** The mean that is taken away: one number for each pixel, or each channel. */
  readonly mean: Float64Array;
}

export interface PerOptions {
  /** Whether a mean is taken for each pixel (the default) or for each channel of [channels, height, width]. */
  readonly per?: 'pixel' | 'channel';
}

/** Takes the training part's mean away. */
export function meanSubtraction(training: Dataset, { per = 'pixel' }: PerOptions = {}): Preprocessing {
  const place = placesOf(training, per, 'meanSubtraction');
  const mean = meanOf(training, place);
  return {
    mean,
    apply: elementwise(training.shape, 'meanSubtraction', (value, i) => value - mean[place[i]]),
  };
}

/**
 * Takes the training part's mean away and divides by its standard deviation (of the population, as numpy.std); where that is 0,
 * as in a corner that is always black, by 1.
 */
export function standardization(
  training: Dataset,
  { per = 'pixel' }: PerOptions = {},
): Preprocessing & { readonly deviation: Float64Array } {
  const place = placesOf(training, per, 'standardization');
  const mean = meanOf(training, place);
  const squares = training.images.reduce((sums, value, i) => {
    sums[place[i % place.length]] += (value - mean[place[i % place.length]]) ** 2;
    return sums;
  }, new Float64Array(mean.length));
  const each = training.images.length / mean.length;
  const deviation = squares.map((sum) => Math.sqrt(sum / each));
  return {
    mean,
    deviation,
    apply: elementwise(
      training.shape,
      'standardization',
      (value, i) => (value - mean[place[i]]) / (deviation[place[i]] || 1),
    ),
  };
}

export interface PrincipalComponentsOptions {
  /** How many components are kept, those of largest variance; all by default. */
  readonly components?: number;
}

export interface PrincipalComponents extends Preprocessing {
  /** The directions, one after another, each as many numbers as an image; of length 1, its largest element positive. */
  readonly directions: Float64Array;
  /** The variance of the training part along each (divided by the number of examples). */
  readonly variances: Float64Array;
}

/** Principal components: images become their coordinates, [components], along the training part's directions of largest variance. */
export function principalComponents(
  training: Dataset,
  options: PrincipalComponentsOptions = {},
): PrincipalComponents {
  return project(training, options, 'principalComponents', () => 1);
}

/**
 * Whitening: principal components, each divided by √(variance + epsilon), so that all vary alike; `epsilon`, 1e-5 by default, keeps
 * directions of hardly any variance from becoming nothing but noise.
 */
export function whitening(
  training: Dataset,
  { epsilon = 1e-5, ...options }: PrincipalComponentsOptions & { readonly epsilon?: number } = {},
): PrincipalComponents {
  if (!(epsilon > 0)) throw new DownhillError(`whitening: expected an epsilon above 0, got ${epsilon}`);
  return project(
    training,
    options,
    'whitening',
    (variance) => 1 / Math.sqrt(Math.max(variance, 0) + epsilon),
  );
}

function project(
  training: Dataset,
  { components }: PrincipalComponentsOptions,
  where: string,
  factorOf: (variance: number) => number,
): PrincipalComponents {
  const mean = meanOf(training, placesOf(training, 'pixel', where));
  const size = mean.length;
  const kept = components ?? size;
  checkWhole(`${where}: components`, kept, 1);
  if (kept > size) throw new DownhillError(`${where}: images of ${size} numbers have no ${kept} components`);
  const { values, vectors } = symmetricEigen(covarianceOf(training.images, mean), size);
  const directions = vectors.slice(0, kept * size);
  const variances = values.slice(0, kept);
  return {
    mean,
    directions,
    variances,
    apply(dataset) {
      checkFits(dataset, training.shape, where);
      const images = new Float32Array(dataset.labels.length * kept);
      const centered = new Float64Array(size);
      for (let example = 0; example < dataset.labels.length; example++) {
        for (let i = 0; i < size; i++) centered[i] = dataset.images[example * size + i] - mean[i];
        for (let component = 0; component < kept; component++) {
          let sum = 0;
          for (let i = 0; i < size; i++) sum += centered[i] * directions[component * size + i];
          images[example * kept + component] = sum * factorOf(variances[component]);
        }
      }
      return { shape: [kept], images, labels: dataset.labels };
    },
  };
}

/** Σ (x - mean)(x - mean)ᵀ / examples, as one matrix. */
function covarianceOf(images: Float32Array, mean: Float64Array): Float64Array {
  const size = mean.length;
  const covariance = new Float64Array(size * size);
  const examples = images.length / size;
  const centered = new Float64Array(size);
  for (let example = 0; example < examples; example++) {
    for (let i = 0; i < size; i++) centered[i] = images[example * size + i] - mean[i];
    for (let i = 0; i < size; i++) {
      const value = centered[i] / examples;
      if (value !== 0) for (let j = 0; j <= i; j++) covariance[i * size + j] += value * centered[j];
    }
  }
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) covariance[j * size + i] = covariance[i * size + j];
  return covariance;
}

/** Which mean each number of an image belongs to. */
function placesOf(training: Dataset, per: 'pixel' | 'channel', where: string): Uint32Array {
  checkDataset(training, where);
  if (training.labels.length === 0) throw new DownhillError(`${where}: cannot be fitted on no examples`);
  const size = sizeOf(training.shape);
  if (per === 'pixel') return Uint32Array.from({ length: size }, (_, i) => i);
  const { height, width } = extentsOf(training, where);
  return Uint32Array.from({ length: size }, (_, i) => Math.floor(i / (height * width)));
}

function meanOf({ images }: Dataset, place: Uint32Array): Float64Array {
  const sums = new Float64Array((place.at(-1) ?? -1) + 1);
  images.forEach((value, i) => {
    sums[place[i % place.length]] += value;
  });
  return sums.map((sum) => sum / (images.length / sums.length));
}

function elementwise(
  shape: Shape,
  where: string,
  change: (value: number, place: number) => number,
): Preprocessing['apply'] {
  const size = sizeOf(shape);
  return (dataset) => {
    checkFits(dataset, shape, where);
    return { ...dataset, images: dataset.images.map((value, i) => change(value, i % size)) };
  };
}

function checkFits(dataset: Dataset, shape: Shape, where: string): void {
  checkDataset(dataset, where);
  if (!sameShape(dataset.shape, shape)) {
    throw new ShapeError(
      `${where}: fitted on images of shape ${formatShape(shape)}, got ${formatShape(dataset.shape)}`,
    );
  }
}
