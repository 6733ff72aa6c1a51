import { sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Lion, Chen et al. (2023), algorithm 2: only the sign of a running mean, so every coordinate moves by the same length.
 *
 * u = sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g, x ← x − α (u + λ x).
 *
 * Not in PyTorch. The paper advises an α 3 to 10 times smaller than Adam's, and a λ as much larger.
 *
 * Options: `learningRate` α, 1e-4 by default; `beta1` 0.9 and `beta2` 0.99 by default, from 0 to below 1; `weightDecay` λ,
 * 0 by default. State: `m`.
 */
export const lion = defineOptimizer({
  name: 'lion',
  defaults: { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
  ranges: { learningRate: NOT_NEGATIVE, beta1: FRACTION, beta2: FRACTION, weightDecay: NOT_NEGATIVE },
  init: (parameter) => ({ m: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, beta1, beta2, weightDecay } }) => {
    const direction = state.m
      .mul(beta1)
      .add(gradient.mul(sub(1, beta1)))
      .sign();
    const m = state.m.mul(beta2).add(gradient.mul(sub(1, beta2)));
    const kept = parameter.mul(sub(1, learningRate.mul(weightDecay)));
    return { parameter: kept.sub(direction.mul(learningRate)), state: { m } };
  },
});
