import { tensor, where } from '@downhill/tensor';
import { defineWrapper } from './define-wrapper.js';
import { COUNT, FRACTION } from './options.js';

/**
 * Lookahead, Zhang et al. (2019), algorithm 1: the wrapped rule runs k steps ahead, then slow weights follow a part of the
 * way, s ← s + α (x − s), and the parameters start again from there, x ← s. The state of the rule is kept.
 *
 * Options: `steps` k, 5 by default, a whole number; `share` α, 0.5 by default, from 0 to below 1. State: `count`, the steps since
 * the slow weights moved, and `slow` s for each parameter.
 */
export const lookahead = defineWrapper({
  name: 'lookahead',
  defaults: { steps: 5, share: 0.5 },
  ranges: { steps: COUNT, share: FRACTION },
  init: (parameters) => ({ count: tensor(0, { dtype: 'int32' }), slow: parameters }),
  update: ({ gradients, state, options: { steps, share }, inner }) => {
    const count = state.count.add(1);
    const arrived = count.greaterEqual(steps);
    const fast = inner(gradients);
    const slow = state.slow.map((old, i) => where(arrived, old.add(fast[i].sub(old).mul(share)), old));
    return {
      parameters: fast.map((value, i) => where(arrived, slow[i], value)),
      state: { count: where(arrived, 0, count), slow },
    };
  },
});
