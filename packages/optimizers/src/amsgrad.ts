import { rsqrt, sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * AMSGrad, Reddi, Kale & Kumar (2018), algorithm 2: Adam that never forgets how large a gradient was.
 *
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², u ← max(u, v), x ← x − α m̂ / (√û + ε)
 * with m̂ = m / (1 − β₁ᵗ), û = u / (1 − β₂ᵗ).
 *
 * The paper has neither the corrections of bias nor ε; they stand here as in PyTorch (`Adam` with `amsgrad=True`), which
 * takes the maximum of v before it is corrected.
 *
 * Options: `learningRate` α, 1e-3 by default; `beta1` 0.9 and `beta2` 0.999 by default, from 0 to below 1; `epsilon` ε,
 * 1e-8 by default. State: `m`, `v`, and `largest` u.
 */
export const amsgrad = defineOptimizer({
  name: 'amsgrad',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ranges: { learningRate: NOT_NEGATIVE, beta1: FRACTION, beta2: FRACTION, epsilon: NOT_NEGATIVE },
  init: (parameter) => ({
    m: zerosLike(parameter),
    v: zerosLike(parameter),
    largest: zerosLike(parameter),
  }),
  update: ({ parameter, gradient, state, options: { learningRate, beta1, beta2, epsilon }, step }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const v = state.v.mul(beta2).add(gradient.square().mul(sub(1, beta2)));
    const largest = state.largest.maximum(v);
    const rate = learningRate.div(sub(1, beta1.pow(step)));
    const deviation = largest.sqrt().mul(rsqrt(sub(1, beta2.pow(step))));
    return { parameter: parameter.sub(m.mul(rate).div(deviation.add(epsilon))), state: { m, v, largest } };
  },
});
