import type { Experiment } from '../experiment.js';
import { depth } from './depth.js';
import { differentStarts } from './different-starts.js';
import { digitsLenet5, digitsLenet5Shifted } from './digits-lenet5.js';
import { digitsSmallVgg } from './digits-small-vgg.js';
import { dropping } from './dropping.js';
import { fashionResnet } from './fashion-resnet.js';
import { largeRates } from './large-rates.js';
import { resnet152Memory } from './resnet152-memory.js';

/** All experiments, in the order in which they run. To add one: a file beside this one, and a line here. */
export const experiments: readonly Experiment[] = [
  differentStarts(),
  largeRates(),
  digitsLenet5(),
  digitsLenet5Shifted(),
  digitsSmallVgg(),
  dropping(),
  depth(),
  resnet152Memory(),
  fashionResnet(),
];
