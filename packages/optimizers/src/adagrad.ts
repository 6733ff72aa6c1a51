import { zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Adagrad, Duchi, Hazan & Singer (2011): c ← c + g², x ← x − α g / (√c + ε).
 *
 * The cache only grows, so the effective step α / √c of each coordinate decays towards zero. ε stands outside the root, as
 * in PyTorch, whose `lr_decay` is a schedule here: `inverseTimeDecay`.
 *
 * Options: `learningRate` α, 0.01 by default; `epsilon` ε, 1e-10 by default. State: `cache` c.
 */
export const adagrad = defineOptimizer({
  name: 'adagrad',
  defaults: { learningRate: 0.01, epsilon: 1e-10 },
  ranges: { learningRate: NOT_NEGATIVE, epsilon: NOT_NEGATIVE },
  init: (parameter) => ({ cache: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, epsilon } }) => {
    const cache = state.cache.add(gradient.square());
    return {
      parameter: parameter.sub(gradient.mul(learningRate).div(cache.sqrt().add(epsilon))),
      state: { cache },
    };
  },
});
