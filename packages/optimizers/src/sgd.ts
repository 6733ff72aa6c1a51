import { defineOptimizer } from './define-optimizer.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Gradient descent: x ← x − α g.
 *
 * Options: `learningRate` α, 0.01 by default. No state.
 */
export const sgd = defineOptimizer({
  name: 'sgd',
  defaults: { learningRate: 0.01 },
  ranges: { learningRate: NOT_NEGATIVE },
  init: () => ({}),
  update: ({ parameter, gradient, options: { learningRate } }) => ({
    parameter: parameter.sub(gradient.mul(learningRate)),
    state: {},
  }),
});
