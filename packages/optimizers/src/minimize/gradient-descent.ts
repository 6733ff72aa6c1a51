import type { DirectionRule } from './direction-rule.js';

/** Steepest descent, Cauchy (1847): d = −g. For comparison: it zigzags down any valley. */
export const gradientDescent: DirectionRule = {
  curvature: 0.9,
  scaled: 'never',
  init: () => ({}),
  next: ({ gradient }) => ({ direction: gradient.neg(), state: {} }),
};
