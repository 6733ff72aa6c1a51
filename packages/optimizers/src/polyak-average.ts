import { tensor, weakScalar } from '@downhill/tensor';
import { defineAveraging } from './averaging-optimizer.js';
import type { Range } from './options.js';

const COUNT_FROM_ZERO: Range = [0, Infinity, 'whole'];

/**
 * The mean of where the parameters have been after each step, Polyak & Juditsky (1992), but for the first `skip` steps, in
 * which it is simply where they are. `swap()` puts it in the parameters' place, and takes it out again.
 *
 * Options: `skip`, 0 by default, a whole number. State: `count`, the steps so far, and `average` for each parameter.
 */
export const polyakAverage = defineAveraging({
  name: 'polyakAverage',
  defaults: { skip: 0 },
  ranges: { skip: COUNT_FROM_ZERO },
  init: (parameters) => ({ count: tensor(0, { dtype: 'int32' }), average: parameters }),
  update: ({ gradients, state, options: { skip }, inner }) => {
    const parameters = inner(gradients);
    const count = state.count.add(1);
    const weight = weakScalar(count).sub(skip).maximum(1).reciprocal();
    const average = state.average.map((old, i) => old.add(parameters[i].sub(old).mul(weight)));
    return { parameters, state: { count, average } };
  },
});
