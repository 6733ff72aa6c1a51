import { defineWrapper } from './define-wrapper.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Weight decay coupled to the gradient: g ← g + λ x, which is the gradient of an L2 penalty ½ λ ‖x‖² in the loss. What
 * PyTorch calls `weight_decay` in all rules but AdamW. Adaptive rules divide it by √v like the gradient: for them see
 * `decoupledWeightDecay`.
 *
 * Options: `weightDecay` λ, 0.01 by default.
 */
export const weightDecay = defineWrapper({
  name: 'weightDecay',
  defaults: { weightDecay: 0.01 },
  ranges: { weightDecay: NOT_NEGATIVE },
  init: () => ({}),
  update: ({ parameters, gradients, options: { weightDecay }, inner }) => ({
    parameters: inner(gradients.map((gradient, i) => gradient.add(parameters[i].mul(weightDecay)))),
    state: {},
  }),
});
