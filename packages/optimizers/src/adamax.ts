import { sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Adamax, Kingma & Ba (2015), algorithm 2: Adam with the largest gradient of late in place of the root mean square.
 *
 * m ← β₁ m + (1 − β₁) g, u ← max(β₂ u, |g| + ε), x ← x − α / (1 − β₁ᵗ) · m / u.
 *
 * The paper has no ε, and divides 0 by 0 where all gradients were zero; ε stands inside the maximum, as in PyTorch.
 *
 * Options: `learningRate` α, 2e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-8 by default. State: `m`, and `largest` u.
 */
export const adamax = defineOptimizer({
  name: 'adamax',
  defaults: { learningRate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ranges: { learningRate: NOT_NEGATIVE, beta1: FRACTION, beta2: FRACTION, epsilon: NOT_NEGATIVE },
  init: (parameter) => ({ m: zerosLike(parameter), largest: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, beta1, beta2, epsilon }, step }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const largest = state.largest.mul(beta2).maximum(gradient.abs().add(epsilon));
    const rate = learningRate.div(sub(1, beta1.pow(step)));
    return { parameter: parameter.sub(m.mul(rate).div(largest)), state: { m, largest } };
  },
});
