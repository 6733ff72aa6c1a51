import { lenet5 } from '@downhill/convnets';
import { shift } from '@downhill/data';
import { adam } from '@downhill/optimizers';
import { cosine } from '@downhill/schedules';
import { loadDigits } from '../digits.js';
import type { Experiment } from '../experiment.js';
import { percent, recognition } from '../recognition.js';

const FULL = {
  seeds: [1, 2, 3, 4, 5],
  epochs: 15,
  batch: 50,
  learningRate: 2e-3,
  /** Pixels that digits are shifted by at most, either way. */
  shift: 0,
  bar: 0.975,
};

/** LeNet-5 on MNIST's digits as they are. */
export function digitsLenet5(settings: typeof FULL = FULL): Experiment {
  return lenet('digits-lenet5', settings);
}

/** The same for twice as long, with digits that are shifted at random. */
export function digitsLenet5Shifted(
  settings: typeof FULL = { ...FULL, epochs: 30, shift: 2, bar: 0.982 },
): Experiment {
  return lenet('digits-lenet5-shifted', settings);
}

function lenet(name: string, settings: typeof FULL): Experiment {
  const { epochs, batch, learningRate, shift: pixels, bar } = settings;
  const shifted = pixels > 0;
  return recognition({
    name,
    claim:
      `LeNet-5 in its modern form recognizes at least ${percent(bar)} of 2,000 digits after ${epochs} epochs on 8,000 others` +
      `${shifted ? ` that are shifted by up to ${pixels} pixels` : ''} (LeCun et al., Gradient-based learning applied to document recognition, 1998).`,
    method:
      `61,706 parameters, Adam, batches of ${batch}, a rate of ${learningRate} that falls to 0 along a cosine, which was chosen with ` +
      '6,000 of the training digits and the other 2,000. ' +
      `${shifted ? 'Each time a digit is shown it is shifted anew, along either axis. ' : ''}The test digits are looked at once, at the end.`,
    settings,
    load: () => loadDigits({ flat: false }),
    build: (source) => lenet5({ generator: source }),
    optimizer: (steps) => adam({ learningRate: cosine({ initial: learningRate, steps }) }),
    augmentations: shifted ? [shift({ pixels })] : [],
  });
}
