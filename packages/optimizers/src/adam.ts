import { rsqrt, sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Adam, Kingma & Ba (2015), algorithm 1, at its t-th update:
 *
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², x ← x − α m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
 *
 * `biasCorrection: false` takes m and v as they are, which begin near 0, v nearer than m: with the default β the
 * first step is 3.2 times as long as α, and under the same gradient the tenth 6.5 times. PyTorch always corrects; its `weight_decay` is `weightDecay(adam())`.
 *
 * Options: `learningRate` α, 1e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-8 by default; `biasCorrection`, true by default. State: `m` and `v`, the running means of the gradient and of its
 * square.
 */
export const adam = defineOptimizer({
  name: 'adam',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, biasCorrection: true },
  ranges: { learningRate: NOT_NEGATIVE, beta1: FRACTION, beta2: FRACTION, epsilon: NOT_NEGATIVE },
  init: (parameter) => ({ m: zerosLike(parameter), v: zerosLike(parameter) }),
  update: ({
    parameter,
    gradient,
    state,
    options: { learningRate, beta1, beta2, epsilon, biasCorrection },
    step,
  }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const v = state.v.mul(beta2).add(gradient.square().mul(sub(1, beta2)));
    // The corrections are scalars: worked out once for a step, not once for an element.
    const rate = biasCorrection ? learningRate.div(sub(1, beta1.pow(step))) : learningRate;
    const deviation = biasCorrection ? v.sqrt().mul(rsqrt(sub(1, beta2.pow(step)))) : v.sqrt();
    return { parameter: parameter.sub(m.mul(rate).div(deviation.add(epsilon))), state: { m, v } };
  },
});
