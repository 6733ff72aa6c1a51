import { Linear, ReLU, Sequential } from '@downhill/layers';
import { Conv2d } from '../convolution.js';
import { MaxPool2d } from '../max-pooling.js';
import { ImageClassifier } from './image-classifier.js';
import type { ArchitectureOptions } from './options.js';

/**
 * The network of ConvNetJS's CIFAR-10 demonstration: three times a convolution of 5 × 5, a rectifier and pooling, then the
 * scores. Images of 32 × 32 (28 × 28 gives other sizes: give such images two elements of padding), 22,466 parameters.
 * Karpathy (2014), https://cs.stanford.edu/people/karpathy/convnetjs/demo/cifar10.html
 */
export function convnetjsCifar({
  channels = 3,
  classes = 10,
  ...shared
}: ArchitectureOptions = {}): ImageClassifier {
  const widths = [channels, 16, 20, 20];
  const features = widths
    .slice(1)
    .flatMap((width, i) => [
      new Conv2d(widths[i], width, { kernelSize: 5, padding: 2, ...shared }),
      new ReLU(),
      new MaxPool2d({ kernelSize: 2 }),
    ]);
  return new ImageClassifier(new Sequential(features), new Linear(20 * 4 * 4, classes, shared));
}
