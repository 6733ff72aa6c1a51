import { all, check, isFinite, logicalAnd, tensor } from '@downhill/tensor';
import { defineWrapper } from './define-wrapper.js';

/**
 * Stops at a gradient that has a NaN or an infinity: the call of the compiled step, or what reads its result, throws a
 * `DataError` with the name of the parameter. Neither a parameter nor anything of the state within has changed then. (Other
 * variables that the step assigns, such as running statistics, have.)
 */
export const stopAtNonFinite = defineWrapper({
  name: 'stopAtNonFinite',
  defaults: {},
  init: () => ({}),
  update: ({ gradients, names, inner }) => {
    const finite = gradients.map((gradient, i) => {
      const fine = all(isFinite(gradient));
      return check(
        fine,
        fine,
        `stopAtNonFinite: the gradient of ${names[i]} (place ${i}) is not finite; ` +
          'all parameters and the state of their optimizer are held back',
      );
    });
    const when = finite.reduce(
      (together, each) => logicalAnd(together, each),
      tensor(true, { dtype: 'bool' }),
    );
    return { parameters: inner(gradients, { when }), state: {} };
  },
});
