import { concat, slice, sum, unsqueeze, where, zeros, type Tensor } from '@downhill/tensor';
import { bends, type DirectionRule } from './direction-rule.js';

/**
 * L-BFGS: what BFGS would make of the last `history` steps alone, without its matrix. The two-loop recursion of Nocedal
 * (1980), algorithm 7.4 in Nocedal & Wright (2006), with H⁰ = I · sᵀy / yᵀy of the newest pair, equation 7.20. It holds
 * 2 · history · n numbers.
 */
export function lbfgs(history: number): DirectionRule {
  return {
    curvature: 0.9,
    scaled: 'learned',
    init: (size) => ({
      steps: zeros([history, size], { dtype: 'float64' }),
      changes: zeros([history, size], { dtype: 'float64' }),
    }),
    next: ({ gradient, step, change, state }) => {
      const learns = bends(step, change);
      const steps = where(learns, pushed(state.steps, step), state.steps);
      const changes = where(learns, pushed(state.changes, change), state.changes);
      return { direction: twoLoops(gradient, steps, changes).neg(), state: { steps, changes } };
    },
  };
}

/** H g, where row i of both matrices is one pair, the newest last; rows of zeros stand for pairs there are not yet. */
function twoLoops(gradient: Tensor, steps: Tensor, changes: Tensor): Tensor {
  const pairs = Array.from({ length: steps.shape[0] }, (_, i) => {
    const [s, y] = [slice(steps, i), slice(changes, i)];
    const product = sum(s.mul(y));
    return { s, y, product, rho: where(product.equal(0), 0, product.reciprocal()) };
  });
  let q = gradient;
  const alphas = pairs.toReversed().map(({ s, y, rho }) => {
    const alpha = rho.mul(sum(s.mul(q)));
    q = q.sub(y.mul(alpha));
    return alpha;
  });
  const { y, product } = pairs[pairs.length - 1];
  let r = q.mul(where(product.equal(0), 1, product.div(sum(y.square()))));
  pairs.forEach(({ s, y, rho }, i) => {
    const beta = rho.mul(sum(y.mul(r)));
    r = r.add(s.mul(alphas[pairs.length - 1 - i].sub(beta)));
  });
  return r;
}

/** Rows moved up by one, the first falling out, the new one last. */
function pushed(rows: Tensor, row: Tensor): Tensor {
  return concat([slice(rows, [1]), unsqueeze(row, 0)]);
}
