import { rsqrt, sub, where, zerosLike, type Tensor } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * LAMB, You et al. (2020), algorithm 2: Adam whose step is as long as a share of the parameter itself, for large batches.
 *
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², u = m̂ / (√v̂ + ε) + λ x, x ← x − α ‖x‖ / ‖u‖ · u
 * with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), and norms over the whole parameter.
 *
 * The paper's φ is the identity. Where ‖x‖ or ‖u‖ is 0 the quotient is 1, as in the authors' code: else a bias that
 * begins at 0 would stay there. Not in PyTorch. The norms are two sums over the elements before the loop that updates.
 *
 * Options: `learningRate` α, 1e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-6 by default; `weightDecay` λ, 0.01 by default. State: `m` and `v`, as Adam's.
 */
export const lamb = defineOptimizer({
  name: 'lamb',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weightDecay: 0.01 },
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
    const mean = m.div(sub(1, beta1.pow(step)));
    const deviation = v.sqrt().mul(rsqrt(sub(1, beta2.pow(step))));
    const direction = mean.div(deviation.add(epsilon)).add(parameter.mul(weightDecay));
    const trust = quotient(norm(parameter), norm(direction));
    return { parameter: parameter.sub(direction.mul(trust.mul(learningRate))), state: { m, v } };
  },
});

function norm(x: Tensor): Tensor {
  return x.square().sum().sqrt();
}

/** a / b, or 1 where either is 0. */
function quotient(a: Tensor, b: Tensor): Tensor {
  return where(a.mul(b).equal(0), 1, a.div(b));
}
