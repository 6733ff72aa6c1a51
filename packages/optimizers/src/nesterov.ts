import { zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Nesterov's accelerated gradient (1983) as momentum, Sutskever et al. (2013), after a change of variables:
 *
 * v ← μ v − α g, x ← x + μ v − α g.
 *
 * In the look-ahead form the gradient is taken where the velocity is about to lead: v ← μ v − α ∇f(y + μ v), y ← y + v.
 * Here x stands for y + μ v, so the gradient is needed only where the parameters are, and while μ is constant the two
 * forms walk the same path: y = x − μ v at every step.
 *
 * The learning rate is inside the velocity; PyTorch (`SGD` with `nesterov=True`) keeps it outside: while α is constant
 * both walk the same path, see `momentum`.
 *
 * Options: `learningRate` α, 0.01 by default; `momentum` μ, 0.9 by default, from 0 to below 1. State: `velocity` v.
 */
export const nesterov = defineOptimizer({
  name: 'nesterov',
  defaults: { learningRate: 0.01, momentum: 0.9 },
  ranges: { learningRate: NOT_NEGATIVE, momentum: FRACTION },
  init: (parameter) => ({ velocity: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, momentum } }) => {
    const force = gradient.mul(learningRate);
    const velocity = state.velocity.mul(momentum).sub(force);
    return { parameter: parameter.add(velocity.mul(momentum).sub(force)), state: { velocity } };
  },
});
