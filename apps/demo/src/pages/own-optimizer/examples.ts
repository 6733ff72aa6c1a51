/** A rule to begin with. */
export interface Example {
  readonly title: string;
  readonly text: string;
}

/** Rules one can choose; the first is there when the page opens. */
export const examples: Readonly<Record<string, Example>> = {
  brake: {
    title: 'Momentum that brakes',
    text: `import { defineOptimizer } from '@downhill/optimizers';
import { less, where, zerosLike } from '@downhill/tensor';

// Momentum, but each coordinate stops where it finds itself
// going uphill.
export default defineOptimizer({
  name: 'brake',

  // Numbers; each may follow a schedule.
  defaults: { learningRate: 0.1, momentum: 0.9 },

  // What is kept for each parameter, before the first step.
  init: (parameter) => ({ velocity: zerosLike(parameter) }),

  // One step: tensors in, tensors out. It is traced once and
  // compiled into the training step, like the built-in rules.
  update: ({ parameter, gradient, state, options }) => {
    const downhill = less(state.velocity.mul(gradient), 0);
    const kept = where(downhill, state.velocity, 0);
    const push = gradient.mul(options.learningRate);
    const velocity = kept.mul(options.momentum).sub(push);
    return { parameter: parameter.add(velocity), state: { velocity } };
  },
});
`,
  },
  sign: {
    title: 'Sign descent',
    text: `import { defineOptimizer } from '@downhill/optimizers';
import { sign } from '@downhill/tensor';

// Only the direction of each coordinate counts, and steps shrink as 1 / sqrt(step).
export default defineOptimizer({
  name: 'signDescent',
  defaults: { learningRate: 0.02, shrink: 0.05 },
  init: () => ({}),
  update: ({ parameter, gradient, step, options: { learningRate, shrink } }) => {
    const length = learningRate.div(step.mul(shrink).add(1).sqrt());
    return { parameter: parameter.sub(sign(gradient).mul(length)), state: {} };
  },
});
`,
  },
  adam: {
    title: 'Adam, from scratch',
    text: `import { defineOptimizer } from '@downhill/optimizers';
import { pow, square, sub, zerosLike } from '@downhill/tensor';

export default defineOptimizer({
  name: 'myAdam',
  defaults: { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  init: (parameter) => ({ m: zerosLike(parameter), v: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, step, options: { learningRate, beta1, beta2, epsilon } }) => {
    const m = state.m.mul(beta1).add(gradient.mul(sub(1, beta1)));
    const v = state.v.mul(beta2).add(square(gradient).mul(sub(1, beta2)));
    // Both began at 0, and are too small by this.
    const mean = m.div(sub(1, pow(beta1, step)));
    const spread = v.div(sub(1, pow(beta2, step))).sqrt();
    return {
      parameter: parameter.sub(mean.mul(learningRate).div(spread.add(epsilon))),
      state: { m, v },
    };
  },
});
`,
  },
  clipped: {
    title: 'A built-in rule with its gradient clipped',
    text: `import { clipByGlobalNorm, nesterov } from '@downhill/optimizers';

// Anything that makes an optimizer will do.
export default (options: { learningRate?: number }) =>
  clipByGlobalNorm(nesterov({ learningRate: 0.1, ...options }), { norm: 1 });
`,
  },
  broken: {
    title: 'One that is wrong',
    text: `import { defineOptimizer } from '@downhill/optimizers';

export default defineOptimizer({
  name: 'wrong',
  defaults: { learningRate: 0.1 },
  init: () => ({}),
  update: ({ parameter, gradient, options: { learningRate } }) => ({
    // There is no minus among the methods of a tensor.
    parameter: parameter.minus(gradient.mul(learningRate)),
    state: {},
  }),
});
`,
  },
  endless: {
    title: 'One that never ends',
    text: `import { defineOptimizer } from '@downhill/optimizers';

export default defineOptimizer({
  name: 'endless',
  defaults: { learningRate: 0.1 },
  init: () => ({}),
  update: ({ parameter, gradient, options: { learningRate } }) => {
    for (let i = 0; i >= 0; i++);
    return { parameter: parameter.sub(gradient.mul(learningRate)), state: {} };
  },
});
`,
  },
};
