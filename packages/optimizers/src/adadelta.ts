import { sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Adadelta, Zeiler (2012), algorithm 1: the step has the units of the parameter, and needs no learning rate.
 *
 * c ← ρ c + (1 − ρ) g², Δ = √(d + ε) / √(c + ε) · g, d ← ρ d + (1 − ρ) Δ², x ← x − α Δ.
 *
 * ε stands inside both roots, as in the paper and in PyTorch; it is what starts the descent, since d begins at 0. The paper
 * has no α: it is 1 by default, as in PyTorch.
 *
 * Options: `learningRate` α, 1 by default; `decay` ρ, 0.9 by default, from 0 to below 1; `epsilon` ε, 1e-6 by default.
 * State: `cache` c, and `updates` d, the running means of the squares of gradients and of updates.
 */
export const adadelta = defineOptimizer({
  name: 'adadelta',
  defaults: { learningRate: 1, decay: 0.9, epsilon: 1e-6 },
  ranges: { learningRate: NOT_NEGATIVE, decay: FRACTION, epsilon: NOT_NEGATIVE },
  init: (parameter) => ({ cache: zerosLike(parameter), updates: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, decay, epsilon } }) => {
    const leak = sub(1, decay);
    const cache = state.cache.mul(decay).add(gradient.square().mul(leak));
    const change = state.updates.add(epsilon).sqrt().div(cache.add(epsilon).sqrt()).mul(gradient);
    const updates = state.updates.mul(decay).add(change.square().mul(leak));
    return { parameter: parameter.sub(change.mul(learningRate)), state: { cache, updates } };
  },
});
