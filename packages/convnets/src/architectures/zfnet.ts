import { ReLU, Sequential } from '@downhill/layers';
import { AdaptiveAveragePool } from '../adaptive-pooling.js';
import { Conv2d } from '../convolution.js';
import { LocalResponseNormalization } from '../local-response-normalization.js';
import { MaxPool2d } from '../max-pooling.js';
import { denseLayers, normalizedAndPooled } from './alexnet.js';
import { ImageClassifier } from './image-classifier.js';
import type { ArchitectureOptions } from './options.js';

/**
 * ZFNet: AlexNet without groups, with a smaller first kernel and a shorter first stride, so that less is lost early. Images
 * of 224 × 224, 1000 classes by default, 62,357,608 parameters. Zeiler & Fergus (2014), figure 3.
 */
export function zfnet({
  channels = 3,
  classes = 1000,
  ...shared
}: ArchitectureOptions = {}): ImageClassifier {
  // 110 and 26 are even: the figure's 55 and 13 take a last window that is not whole.
  const pooled = [
    new ReLU(),
    new MaxPool2d({ kernelSize: 3, stride: 2, ceilMode: true }),
    new LocalResponseNormalization(),
  ];
  const features = new Sequential([
    new Conv2d(channels, 96, { kernelSize: 7, stride: 2, padding: 1, ...shared }),
    ...pooled,
    new Conv2d(96, 256, { kernelSize: 5, stride: 2, ...shared }),
    ...pooled,
    new Conv2d(256, 384, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new Conv2d(384, 384, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new Conv2d(384, 256, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new MaxPool2d({ kernelSize: 3, stride: 2 }),
  ]);
  return new ImageClassifier(features, denseLayers(256 * 6 * 6, 4096, classes, shared));
}

/**
 * {@link zfnet} for images of about 28 × 28 to 48 × 48 and ten classes: what it did to AlexNet, done to `smallAlexnet`: no
 * groups, and a first kernel of 3.
 */
export function smallZfnet({
  channels = 3,
  classes = 10,
  ...shared
}: ArchitectureOptions = {}): ImageClassifier {
  const features = new Sequential([
    new Conv2d(channels, 32, { kernelSize: 3, padding: 1, ...shared }),
    ...normalizedAndPooled(),
    new Conv2d(32, 64, { kernelSize: 5, padding: 2, ...shared }),
    ...normalizedAndPooled(),
    new Conv2d(64, 96, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new Conv2d(96, 96, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new Conv2d(96, 64, { kernelSize: 3, padding: 1, ...shared }),
    new ReLU(),
    new AdaptiveAveragePool({ outputSize: 3 }),
  ]);
  return new ImageClassifier(features, denseLayers(64 * 3 * 3, 256, classes, shared));
}
