import type { Experiment } from '../experiment.js';
import { differentStarts } from './different-starts.js';

/** All experiments, in the order in which they run. To add one: a file beside this one, and a line here. */
export const experiments: readonly Experiment[] = [differentStarts()];
