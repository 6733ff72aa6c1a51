import { existsSync } from 'node:fs';
import { smallResnet } from '@downhill/convnets';
import { fashionMnist, flip, shift, split } from '@downhill/data';
import { nesterov, weightDecay } from '@downhill/optimizers';
import { oneCycle } from '@downhill/schedules';
import type { Experiment } from '../experiment.js';
import { recognition } from '../recognition.js';

/** Where its four files are: where Debian's package puts them, unless the environment says otherwise. */
export const FOLDER = process.env.FASHION_MNIST ?? '/usr/share/datasets/fashion-mnist';

const FULL = {
  /** Of the training pictures, so many are learnt from. */
  pictures: 60_000,
  depth: 14,
  width: 24,
  stride: 2,
  seeds: [1],
  epochs: 10,
  batch: 128,
  learningRate: 0.1,
  weightDecay: 5e-4,
  shift: 2,
  bar: 0.925,
};

/** A small residual network on all of Fashion-MNIST. */
export function fashionResnet(settings: typeof FULL = FULL): Experiment {
  const { pictures, depth, width, stride, epochs, batch, learningRate, weightDecay: decay } = settings;
  return recognition({
    name: 'fashion-resnet',
    claim: `A small residual network recognizes at least 92.5 % of Fashion-MNIST's 10,000 test pictures after ${epochs} epochs.`,
    method:
      `A residual network of ${depth} layers (He et al. 2016; ${width}, ${2 * width} and ${4 * width} channels, the first convolution with a stride of ${stride}) ` +
      `learns ${pictures} training pictures, each mirrored or not and shifted by up to ${settings.shift} pixels. Nesterov's momentum, batches of ${batch}, ` +
      `a rate that rises to ${learningRate} in a fifth of the time and falls to nothing, a weight decay of ${decay}. ` +
      'Depth and width were chosen by short trainings with 50,000 of the training pictures and the other 10,000; the test pictures are ' +
      'looked at once, at the end.',
    settings,
    load: async () => {
      if (!existsSync(FOLDER)) {
        throw new Error(
          `fashion-resnet: there is no folder ${FOLDER}; install Debian's package dataset-fashion-mnist, or name the folder ` +
            'with its four files in the environment: FASHION_MNIST=folder npm run verify',
        );
      }
      const { training: all, test } = await fashionMnist(FOLDER);
      const [training] = split(all, { counts: [pictures, all.labels.length - pictures], seed: 0 });
      return { training, test };
    },
    build: (source) => smallResnet(depth, { channels: 1, width, stride, generator: source }),
    optimizer: (steps) =>
      weightDecay(nesterov({ learningRate: oneCycle({ peak: learningRate, steps, rise: 0.2 }) }), {
        weightDecay: decay,
      }),
    augmentations: [flip(), shift({ pixels: settings.shift })],
  });
}
