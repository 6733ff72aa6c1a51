import { all, isFinite, logicalAnd, tensor, where } from '@downhill/tensor';
import { defineWrapper } from './define-wrapper.js';

/**
 * Skips a step in which any gradient has a NaN or an infinity: neither a parameter nor anything of the state within changes,
 * and the step is counted.
 *
 * State: `skipped`, how many steps were skipped: `optimizer.state().variables.skipped.item()`.
 */
export const skipNonFinite = defineWrapper({
  name: 'skipNonFinite',
  defaults: {},
  init: () => ({ skipped: tensor(0, { dtype: 'int32' }) }),
  update: ({ gradients, state, inner }) => {
    const finite = gradients
      .map((gradient) => all(isFinite(gradient)))
      .reduce((together, each) => logicalAnd(together, each), tensor(true, { dtype: 'bool' }));
    return {
      parameters: inner(gradients, { when: finite }),
      state: { skipped: where(finite, state.skipped, state.skipped.add(1)) },
    };
  },
});
