import { sub, where, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Rectified Adam, Liu et al. (2020), algorithm 2: Adam that goes by m alone until v has seen enough to be trusted.
 *
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², m̂ = m / (1 − β₁ᵗ), ρ∞ = 2 / (1 − β₂) − 1, ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ);
 * where ρ > 5: x ← x − α r m̂ √(1 − β₂ᵗ) / (√v + ε) with r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ));
 * else: x ← x − α m̂.
 *
 * The paper's bound is ρ > 4, and it has no ε; 5 and the place of ε are PyTorch's (and the authors' own code's).
 *
 * Options: `learningRate` α, 1e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-8 by default. State: `m` and `v`, as Adam's.
 */
export const radam = defineOptimizer({
  name: 'radam',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ranges: { learningRate: NOT_NEGATIVE, beta1: FRACTION, beta2: FRACTION, epsilon: NOT_NEGATIVE },
  init: (parameter) => ({ m: zerosLike(parameter), v: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, beta1, beta2, epsilon }, step }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const v = state.v.mul(beta2).add(gradient.square().mul(sub(1, beta2)));
    const power = beta2.pow(step);
    const correction = sub(1, power);
    const longest = sub(1, beta2).reciprocal().mul(2).sub(1);
    const length = longest.sub(step.mul(2).mul(power).div(correction));
    const numerator = length.sub(4).mul(length.sub(2)).mul(longest);
    const denominator = longest.sub(4).mul(longest.sub(2)).mul(length);
    const rectifier = numerator.div(denominator).mul(correction).sqrt();
    const change = where(length.greater(5), m.mul(rectifier).div(v.sqrt().add(epsilon)), m);
    const rate = learningRate.div(sub(1, beta1.pow(step)));
    return { parameter: parameter.sub(change.mul(rate)), state: { m, v } };
  },
});
