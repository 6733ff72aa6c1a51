import { Linear, ReLU, Sequential, type Module } from '@downhill/layers';
import { Dropout } from '@downhill/regularization';
import { AdaptiveAveragePool } from '../adaptive-pooling.js';
import { Conv2d } from '../convolution.js';
import { LocalResponseNormalization } from '../local-response-normalization.js';
import { MaxPool2d } from '../max-pooling.js';
import { ImageClassifier } from './image-classifier.js';
import type { ArchitectureOptions } from './options.js';

/**
 * AlexNet with the two groups that lay on two GPUs: images of 224 × 224 (or 227 × 227), 1000 classes by default,
 * 60,965,224 parameters. Krizhevsky, Sutskever & Hinton (2012), section 3.5; the two elements of padding that make its
 * sizes come out are not in the paper.
 */
export function alexnet({
  channels = 3,
  classes = 1000,
  ...shared
}: ArchitectureOptions = {}): ImageClassifier {
  const features = new Sequential([
    new Conv2d(channels, 96, { kernelSize: 11, stride: 4, padding: 2, ...shared }),
    ...normalizedAndPooled(),
    new Conv2d(96, 256, { kernelSize: 5, padding: 2, groups: 2, ...shared }),
    ...normalizedAndPooled(),
    new Conv2d(256, 384, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new Conv2d(384, 384, { kernelSize: 3, padding: 1, groups: 2, ...shared }),
    new ReLU(),
    new Conv2d(384, 256, { kernelSize: 3, padding: 1, groups: 2, ...shared }),
    new ReLU(),
    new MaxPool2d({ kernelSize: 3, stride: 2 }),
  ]);
  return new ImageClassifier(features, denseLayers(256 * 6 * 6, 4096, classes, shared));
}

/**
 * {@link alexnet} for images of about 28 × 28 to 48 × 48 and ten classes: the same order of layers, kernels of 5 and 3
 * without stride, a sixth of the channels in the dense layers.
 */
export function smallAlexnet({
  channels = 3,
  classes = 10,
  ...shared
}: ArchitectureOptions = {}): ImageClassifier {
  const features = new Sequential([
    new Conv2d(channels, 32, { kernelSize: 5, padding: 2, ...shared }),
    ...normalizedAndPooled(),
    new Conv2d(32, 64, { kernelSize: 5, padding: 2, groups: 2, ...shared }),
    ...normalizedAndPooled(),
    new Conv2d(64, 96, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new Conv2d(96, 96, { kernelSize: 3, padding: 1, groups: 2, ...shared }),
    new ReLU(),
    new Conv2d(96, 64, { kernelSize: 3, padding: 1, groups: 2, ...shared }),
    new ReLU(),
    new AdaptiveAveragePool({ outputSize: 3 }),
  ]);
  return new ImageClassifier(features, denseLayers(64 * 3 * 3, 256, classes, shared));
}

/** Rectifier, response normalization, overlapping pooling: what follows the first two convolutions. */
export function normalizedAndPooled(): Module[] {
  return [new ReLU(), new LocalResponseNormalization(), new MaxPool2d({ kernelSize: 3, stride: 2 })];
}

/** Two hidden layers of one width, half of each dropped while training, and the scores. */
export function denseLayers(
  inputs: number,
  width: number,
  classes: number,
  shared: Pick<ArchitectureOptions, 'generator' | 'dtype'>,
): Sequential {
  return new Sequential([
    new Linear(inputs, width, shared),
    new ReLU(),
    new Dropout(0.5, shared),
    new Linear(width, width, shared),
    new ReLU(),
    new Dropout(0.5, shared),
    new Linear(width, classes, shared),
  ]);
}
