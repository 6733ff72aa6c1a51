import { mul, rsqrt, sub, tensor, weakScalar, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * Nadam, Dozat (2016), algorithm 2: Adam whose momentum is Nesterov's.
 *
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², x ← x − α m̂ / (√v̂ + ε) with v̂ = v / (1 − β₂ᵗ),
 * m̂ = μₜ₊₁ m / (1 − μ₁ ⋯ μₜ₊₁) + (1 − μₜ) g / (1 − μ₁ ⋯ μₜ), and the momentum that warms up, μₜ = β₁ (1 − 0.96^(t ψ) / 2).
 *
 * Departures: the paper averages m by μₜ where β₁ stands here, as in PyTorch's documentation. PyTorch 1.13's code
 * has the factor μₜ twice in the product up to t + 1; here it is there once, as in paper and documentation.
 *
 * Options: `learningRate` α, 2e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-8 by default; `momentumDecay` ψ, 4e-3 by default. State: `m` and `v`, as Adam's, and `product`, μ₁ ⋯ μₜ in float64.
 */
export const nadam = defineOptimizer({
  name: 'nadam',
  defaults: { learningRate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 4e-3 },
  ranges: {
    learningRate: NOT_NEGATIVE,
    beta1: FRACTION,
    beta2: FRACTION,
    epsilon: NOT_NEGATIVE,
    momentumDecay: NOT_NEGATIVE,
  },
  init: (parameter) => ({
    m: zerosLike(parameter),
    v: zerosLike(parameter),
    product: tensor(1, { dtype: 'float64' }),
  }),
  update: ({
    parameter,
    gradient,
    state,
    options: { learningRate, beta1, beta2, epsilon, momentumDecay },
    step,
  }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const v = state.v.mul(beta2).add(gradient.square().mul(sub(1, beta2)));
    const momentumAt = (time: typeof step) =>
      beta1.mul(sub(1, mul(0.5, weakScalar(0.96).pow(time.mul(momentumDecay)))));
    const momentum = momentumAt(step);
    const next = momentumAt(step.add(1));
    const product = state.product.mul(momentum);
    const soFar = weakScalar(product);
    const ofMean = learningRate.mul(next).div(sub(1, soFar.mul(next)));
    const ofGradient = learningRate.mul(sub(1, momentum)).div(sub(1, soFar));
    const direction = m.mul(ofMean).add(gradient.mul(ofGradient));
    const deviation = v.sqrt().mul(rsqrt(sub(1, beta2.pow(step))));
    return {
      parameter: parameter.sub(direction.div(deviation.add(epsilon))),
      state: { m, v, product },
    };
  },
});
