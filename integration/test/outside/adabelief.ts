import { defineOptimizer } from '@downhill/optimizers';
import { sub, zerosLike } from '@downhill/tensor';

/**
 * A stranger's rule: AdaBelief, Zhuang et al. (2020), algorithm 2. It has Adam's state and Adam's traffic, so that its steps
 * can be timed beside Adam's.
 */
export const adabelief = defineOptimizer({
  name: 'adabelief',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  init: (parameter) => ({ m: zerosLike(parameter), s: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, beta1, beta2, epsilon }, step }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const surprise = gradient.sub(m).square();
    const s = state.s
      .mul(beta2)
      .add(surprise.mul(sub(1, beta2)))
      .add(epsilon);
    const rate = learningRate.div(sub(1, beta1.pow(step)));
    const deviation = s
      .div(sub(1, beta2.pow(step)))
      .sqrt()
      .add(epsilon);
    return { parameter: parameter.sub(m.mul(rate).div(deviation)), state: { m, s } };
  },
});
