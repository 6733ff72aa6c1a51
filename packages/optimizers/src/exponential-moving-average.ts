import { sub } from '@downhill/tensor';
import { defineAveraging } from './averaging-optimizer.js';
import { FRACTION } from './options.js';

/**
 * A slow copy of the parameters to test with: X_test ← 0.999 X_test + 0.001 X after each step, from where X begins. `swap()`
 * puts it in the parameters' place, and takes it out again.
 *
 * Options: `decay`, 0.999 by default, from 0 to below 1. State: `average` for each parameter.
 */
export const exponentialMovingAverage = defineAveraging({
  name: 'exponentialMovingAverage',
  defaults: { decay: 0.999 },
  ranges: { decay: FRACTION },
  init: (parameters) => ({ average: parameters }),
  update: ({ gradients, state, options: { decay }, inner }) => {
    const parameters = inner(gradients);
    const average = state.average.map((old, i) => old.mul(decay).add(parameters[i].mul(sub(1, decay))));
    return { parameters, state: { average } };
  },
});
