import { tensor, where, zerosLike } from '@downhill/tensor';
import { defineWrapper } from './define-wrapper.js';
import { COUNT } from './options.js';

/**
 * One update for every k steps, by the mean of their gradients: that of a batch k times as large, if all are equally large.
 * In between nothing of what is wrapped changes. Schedules count all steps, applied or not.
 *
 * Options: `steps` k, 4 by default, a whole number. State: `count`, the steps since the last update, and the `sum` of their
 * gradients for each parameter.
 */
export const accumulateGradients = defineWrapper({
  name: 'accumulateGradients',
  defaults: { steps: 4 },
  ranges: { steps: COUNT },
  init: (parameters) => ({ count: tensor(0, { dtype: 'int32' }), sum: parameters.map(zerosLike) }),
  update: ({ gradients, state, options: { steps }, inner }) => {
    const count = state.count.add(1);
    const full = count.greaterEqual(steps);
    const sums = state.sum.map((sum, i) => sum.add(gradients[i]));
    return {
      parameters: inner(
        sums.map((sum) => sum.div(steps)),
        { when: full },
      ),
      state: { count: where(full, 0, count), sum: sums.map((sum) => where(full, 0, sum)) },
    };
  },
});
