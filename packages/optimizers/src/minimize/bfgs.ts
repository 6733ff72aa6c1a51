import { add, eye, matmul, sum, tensor, unsqueeze, where, type Tensor } from '@downhill/tensor';
import { bends, type DirectionRule } from './direction-rule.js';

/**
 * BFGS: an estimate H of the inverse Hessian learns from each step s and change y of the gradient,
 * H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ with ρ = 1 / yᵀs, and d = −H g. Nocedal & Wright, Numerical Optimization
 * (2006), equation 6.17; before the first update H is I · yᵀs / yᵀy, equation 6.20. It holds n² numbers.
 */
export const bfgs: DirectionRule = {
  curvature: 0.9,
  scaled: 'learned',
  init: (size) => ({
    inverse: eye(size, size, { dtype: 'float64' }),
    updates: tensor(0, { dtype: 'float64' }),
  }),
  next: ({ gradient, step, change, state }) => {
    const product = sum(step.mul(change));
    const scale = where(state.updates.equal(0), product.div(sum(change.square())), 1);
    const old = state.inverse.mul(scale);
    const times = matmul(old, change);
    const rho = product.reciprocal();
    const crossed = outer(times, step);
    const updated = old
      .sub(add(crossed, crossed.transpose()).mul(rho))
      .add(outer(step, step).mul(rho.mul(rho.mul(sum(change.mul(times))).add(1))));
    const learns = bends(step, change);
    const inverse = where(learns, updated, state.inverse);
    return {
      direction: matmul(inverse, gradient).neg(),
      state: { inverse, updates: state.updates.add(where(learns, 1, 0)) },
    };
  },
};

function outer(a: Tensor, b: Tensor): Tensor {
  return unsqueeze(a, 1).mul(unsqueeze(b, 0));
}
