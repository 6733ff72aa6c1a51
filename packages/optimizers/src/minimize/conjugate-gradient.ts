import { maximum, sum } from '@downhill/tensor';
import type { DirectionRule } from './direction-rule.js';

/**
 * Nonlinear conjugate gradients: d ← −g + β d with β = max(0, gᵀ(g − g₋) / g₋ᵀg₋), Polak & Ribière (1969), kept from
 * below 0 as Powell (1986) proposed: there it starts afresh.
 */
export const conjugateGradient: DirectionRule = {
  // Directions stay conjugate only if each is searched rather exactly.
  curvature: 0.1,
  scaled: 'never',
  init: () => ({}),
  next: ({ gradient, oldGradient, oldDirection, change }) => {
    const beta = maximum(0, sum(gradient.mul(change)).div(sum(oldGradient.square())));
    return { direction: oldDirection.mul(beta).sub(gradient), state: {} };
  },
};
