import { defineWrapper } from './define-wrapper.js';
import { NOT_NEGATIVE } from './options.js';

/**
 * Holds every element of every gradient between −limit and limit. This may turn the gradient; clipping by a norm does not.
 *
 * Options: `limit`, 1 by default.
 */
export const clipByValue = defineWrapper({
  name: 'clipByValue',
  defaults: { limit: 1 },
  ranges: { limit: NOT_NEGATIVE },
  init: () => ({}),
  update: ({ gradients, options: { limit }, inner }) => ({
    parameters: inner(gradients.map((gradient) => gradient.clip(limit.neg(), limit))),
    state: {},
  }),
});
