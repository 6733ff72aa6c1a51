import { sub, zerosLike } from '@downhill/tensor';
import { defineOptimizer } from '@downhill/optimizers';

/** A rule as a stranger would write it: nothing but the public interface. Hinton, lecture 6e (2012). */
export const rmsprop = defineOptimizer({
  name: 'rmsprop',
  defaults: { learningRate: 1e-3, decay: 0.99, epsilon: 1e-8 },
  init: (parameter) => ({ cache: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, decay, epsilon } }) => {
    const cache = state.cache.mul(decay).add(gradient.square().mul(sub(1, decay)));
    return {
      parameter: parameter.sub(gradient.mul(learningRate).div(cache.sqrt().add(epsilon))),
      state: { cache },
    };
  },
});
