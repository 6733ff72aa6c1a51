import { weakScalar, where, type Tensor } from '@downhill/tensor';
import { defineWrapper } from './define-wrapper.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Shortens each gradient whose norm is above a limit to that norm, its direction kept. Each parameter is taken by itself;
 * all together it is `clipByGlobalNorm`.
 *
 * Options: `norm`, the limit, 1 by default.
 */
export const clipByNorm = defineWrapper({
  name: 'clipByNorm',
  defaults: { norm: 1 },
  ranges: { norm: NOT_NEGATIVE },
  init: () => ({}),
  update: ({ gradients, options: { norm }, inner }) => ({
    parameters: inner(gradients.map((gradient) => gradient.mul(shrinkage([gradient], norm)))),
    state: {},
  }),
});

/** What brings all these gradients together to a norm of at most `limit`: 1 if they are within it. */
export function shrinkage(gradients: readonly Tensor[], limit: Tensor): Tensor {
  const squares = gradients.map((gradient) => weakScalar(gradient.square().sum()));
  const norm = squares.reduce((sum, square) => sum.add(square), weakScalar(0)).sqrt();
  return where(norm.greater(limit), limit.div(norm), 1);
}
