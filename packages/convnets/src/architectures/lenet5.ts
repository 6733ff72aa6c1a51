import { Linear, ReLU, Sequential } from '@downhill/layers';
import { Conv2d } from '../convolution.js';
import { MaxPool2d } from '../max-pooling.js';
import { ImageClassifier } from './image-classifier.js';
import type { ArchitectureOptions } from './options.js';

/**
 * LeNet-5 in its modern form: rectifiers, max pooling, every channel connected, a linear output. Images of 28 × 28, one
 * channel and ten classes by default; 61,706 parameters. LeCun, Bottou, Bengio & Haffner (1998), section II.B;
 * `originalLenet5` is the network as published.
 */
export function lenet5({ channels = 1, classes = 10, ...shared }: ArchitectureOptions = {}): ImageClassifier {
  const features = new Sequential([
    new Conv2d(channels, 6, { kernelSize: 5, padding: 2, ...shared }),
    new ReLU(),
    new MaxPool2d({ kernelSize: 2 }),
    new Conv2d(6, 16, { kernelSize: 5, ...shared }),
    new ReLU(),
    new MaxPool2d({ kernelSize: 2 }),
  ]);
  const classifier = new Sequential([
    new Linear(16 * 5 * 5, 120, shared),
    new ReLU(),
    new Linear(120, 84, shared),
    new ReLU(),
    new Linear(84, classes, shared),
  ]);
  return new ImageClassifier(features, classifier);
}
