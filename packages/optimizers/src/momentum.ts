import { zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Gradient descent with momentum, Polyak (1964): v ← μ v − α g, x ← x + v.
 *
 * The learning rate is inside the velocity. PyTorch keeps it outside (v ← μ v + g, x ← x − α v): while α is constant the
 * two walk the same path, v here being −α times v there; when α falls, this one slows down only as its velocity decays.
 *
 * Options: `learningRate` α, 0.01 by default; `momentum` μ, 0.9 by default, from 0 to below 1. State: `velocity` v.
 */
export const momentum = defineOptimizer({
  name: 'momentum',
  defaults: { learningRate: 0.01, momentum: 0.9 },
  ranges: { learningRate: NOT_NEGATIVE, momentum: FRACTION },
  init: (parameter) => ({ velocity: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, momentum } }) => {
    const velocity = state.velocity.mul(momentum).sub(gradient.mul(learningRate));
    return { parameter: parameter.add(velocity), state: { velocity } };
  },
});
