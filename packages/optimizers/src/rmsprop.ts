import { sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer, type RuleState } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/**
 * RMSprop, Tieleman & Hinton (2012), lecture 6e: adagrad with a leaky cache, so that the effective step does not decay.
 *
 * c ← ρ c + (1 − ρ) g², x ← x − α g / (√c + ε).
 *
 * `centered` (Graves 2013, equations 38 to 41) also keeps the mean a ← ρ a + (1 − ρ) g and divides by √(c − a²) + ε.
 * With `momentum` the step feeds a velocity: v ← μ v − α g / (…), x ← x + v.
 *
 * Departures from PyTorch: the learning rate is inside the velocity, see `momentum`. Graves has ε inside the root; here
 * it is outside, as in PyTorch.
 *
 * Options: `learningRate` α, 1e-3 by default; `decay` ρ, 0.99 by default, from 0 to below 1; `epsilon` ε, 1e-8 by default;
 * `momentum` μ, 0 by default, from 0 to below 1; `centered`, false by default. State: `cache` c; `mean` a if centered;
 * `velocity` v if the momentum is not 0 when a parameter is first met (so a schedule of it must not begin at 0).
 */
export const rmsprop = defineOptimizer({
  name: 'rmsprop',
  defaults: { learningRate: 1e-3, decay: 0.99, epsilon: 1e-8, momentum: 0, centered: false },
  ranges: { learningRate: NOT_NEGATIVE, decay: FRACTION, epsilon: NOT_NEGATIVE, momentum: FRACTION },
  init: (parameter, { centered, momentum }): RuleState => ({
    cache: zerosLike(parameter),
    ...(centered ? { mean: zerosLike(parameter) } : {}),
    ...(momentum === 0 ? {} : { velocity: zerosLike(parameter) }),
  }),
  update: ({ parameter, gradient, state, options: { learningRate, decay, epsilon, momentum } }) => {
    const leak = sub(1, decay);
    const next: Record<string, typeof parameter> = {
      cache: state.cache.mul(decay).add(gradient.square().mul(leak)),
    };
    let variance = next.cache;
    if ('mean' in state) {
      next.mean = state.mean.mul(decay).add(gradient.mul(leak));
      variance = variance.sub(next.mean.square());
    }
    const force = gradient.mul(learningRate).div(variance.sqrt().add(epsilon));
    if (!('velocity' in state)) return { parameter: parameter.sub(force), state: next };
    next.velocity = state.velocity.mul(momentum).sub(force);
    return { parameter: parameter.add(next.velocity), state: next };
  },
});
