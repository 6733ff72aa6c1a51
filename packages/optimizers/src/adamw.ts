import { rsqrt, sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * AdamW, Loshchilov & Hutter (2019), algorithm 2: Adam whose weight decay does not pass through m and v.
 *
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², x ← x − α (m̂ / (√v̂ + ε) + λ x) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
 *
 * The decay is multiplied by α, as in PyTorch; the paper multiplies it only by the schedule's share of α. For that
 * form, or for the decay of any other rule, see `decoupledWeightDecay`.
 *
 * Options: `learningRate` α, 1e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-8 by default; `weightDecay` λ, 0.01 by default. State: `m` and `v`, as Adam's.
 */
export const adamw = defineOptimizer({
  name: 'adamw',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  ranges: {
    learningRate: NOT_NEGATIVE,
    beta1: FRACTION,
    beta2: FRACTION,
    epsilon: NOT_NEGATIVE,
    weightDecay: NOT_NEGATIVE,
  },
  init: (parameter) => ({ m: zerosLike(parameter), v: zerosLike(parameter) }),
  update: ({
    parameter,
    gradient,
    state,
    options: { learningRate, beta1, beta2, epsilon, weightDecay },
    step,
  }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const v = state.v.mul(beta2).add(gradient.square().mul(sub(1, beta2)));
    const rate = learningRate.div(sub(1, beta1.pow(step)));
    const deviation = v.sqrt().mul(rsqrt(sub(1, beta2.pow(step))));
    const kept = parameter.mul(sub(1, learningRate.mul(weightDecay)));
    return { parameter: kept.sub(m.mul(rate).div(deviation.add(epsilon))), state: { m, v } };
  },
});
