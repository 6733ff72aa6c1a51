import { defineWrapper } from './define-wrapper.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Weight decay apart from the gradient, Loshchilov & Hutter (2019): x ← rule(x) − λ x, with the x before the step.
 *
 * λ is the share that a step takes off, as in the paper; PyTorch multiplies its own by the learning rate, so that
 * `AdamW(lr=α, weight_decay=λ)` is `decoupledWeightDecay(adam({ learningRate: α }), { weightDecay: α λ })`.
 *
 * Options: `weightDecay` λ, 1e-4 by default.
 */
export const decoupledWeightDecay = defineWrapper({
  name: 'decoupledWeightDecay',
  defaults: { weightDecay: 1e-4 },
  ranges: { weightDecay: NOT_NEGATIVE },
  init: () => ({}),
  update: ({ parameters, gradients, options: { weightDecay }, inner }) => ({
    parameters: inner(gradients).map((next, i) => next.sub(parameters[i].mul(weightDecay))),
    state: {},
  }),
});
