import { smallVgg } from '@downhill/convnets';
import { adam } from '@downhill/optimizers';
import { cosine } from '@downhill/schedules';
import { loadDigits } from '../digits.js';
import type { Experiment } from '../experiment.js';
import { percent, recognition } from '../recognition.js';

const FULL = {
  width: 8,
  seeds: [1, 2, 3, 4, 5],
  epochs: 10,
  batch: 25,
  learningRate: 3e-3,
  bar: 0.98,
};

/** A small VGG with batch normalization on MNIST's digits. */
export function digitsSmallVgg(settings: typeof FULL = FULL): Experiment {
  const { width, epochs, batch, learningRate, bar } = settings;
  return recognition({
    name: 'digits-small-vgg',
    claim:
      `A small VGG with batch normalization recognizes at least ${percent(bar)} of 2,000 digits after ${epochs} epochs on 8,000 others ` +
      '(Simonyan & Zisserman, Very deep convolutional networks, 2015; Ioffe & Szegedy, Batch normalization, 2015).',
    method:
      `Six convolutions of 3 × 3 with ${width}, ${2 * width} and ${4 * width} channels, each with batch normalization, and three dense layers with dropout. Adam, ` +
      `batches of ${batch}, a rate of ${learningRate} that falls to 0 along a cosine, which was chosen with 6,000 of the training digits and ` +
      'the other 2,000. The digits are shown as they are. The test digits are looked at once, at the end.',
    settings,
    load: () => loadDigits({ flat: false }),
    build: (source) => smallVgg({ channels: 1, width, generator: source }),
    optimizer: (steps) => adam({ learningRate: cosine({ initial: learningRate, steps }) }),
  });
}
