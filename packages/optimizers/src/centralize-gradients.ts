import { defineWrapper } from './define-wrapper.js';

/**
 * Gradient centralization, Yong et al. (2020): takes from the gradient of each unit's incoming weights their mean, over all
 * axes but the first. Vectors and scalars (biases, scales) pass as they are.
 */
export const centralizeGradients = defineWrapper({
  name: 'centralizeGradients',
  defaults: {},
  init: () => ({}),
  update: ({ gradients, inner }) => ({
    parameters: inner(
      gradients.map((gradient) => {
        if (gradient.rank < 2) return gradient;
        const axes = gradient.shape.map((_, axis) => axis).slice(1);
        return gradient.sub(gradient.mean({ axis: axes, keepDims: true }));
      }),
    ),
    state: {},
  }),
});
