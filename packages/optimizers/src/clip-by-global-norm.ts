import { shrinkage } from './clip-by-norm.js';
import { defineWrapper } from './define-wrapper.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Shortens all gradients by one factor if their common norm √Σ‖g‖² is above a limit, Pascanu, Mikolov & Bengio (2013).
 *
 * Their norm is then the limit itself; PyTorch's `clip_grad_norm_` divides by the norm plus 1e-6.
 *
 * Options: `norm`, the limit, 1 by default.
 */
export const clipByGlobalNorm = defineWrapper({
  name: 'clipByGlobalNorm',
  defaults: { norm: 1 },
  ranges: { norm: NOT_NEGATIVE },
  init: () => ({}),
  update: ({ gradients, options: { norm }, inner }) => {
    const factor = shrinkage(gradients, norm);
    return { parameters: inner(gradients.map((gradient) => gradient.mul(factor))), state: {} };
  },
});
