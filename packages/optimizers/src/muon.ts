import { formatShape, ShapeError, sub, zerosLike, type Tensor } from '@downhill/tensor';
import { defineOptimizer } from './define-optimizer.js';
import { FRACTION, NOT_NEGATIVE } from './options.js';

/** Of the polynomial a s + b s³ + c s⁵ that five times over brings every singular value s in (0, 1] near 1. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;

/**
 * Muon, Jordan et al. (2024): momentum, its matrix brought near an orthogonal one, so that all directions move alike.
 *
 * V ← μ V + G, X ← X − α √max(1, rows / columns) · NewtonSchulz(G + μ V), without `nesterov` of V itself.
 *
 * NewtonSchulz divides a matrix by its norm (plus 1e-7) and takes five times M ← a M + (b M Mᵀ + c (M Mᵀ)²) M. For matrices:
 * hidden layers. A parameter of more axes is the matrix of its first axis by all others; one of fewer is refused: give
 * biases, and by the authors' advice the first and the last layer, another rule with `parameterGroups`. Not in PyTorch 1.13.
 * The authors iterate in bfloat16; here it is the parameter's dtype.
 *
 * Options: `learningRate` α, 0.02 by default; `momentum` μ, 0.95 by default, from 0 to below 1; `nesterov`, true by default;
 * `weightDecay` λ, 0 by default, decoupled: X loses α λ X first. State: `velocity` V.
 */
export const muon = defineOptimizer({
  name: 'muon',
  defaults: { learningRate: 0.02, momentum: 0.95, nesterov: true, weightDecay: 0 },
  ranges: { learningRate: NOT_NEGATIVE, momentum: FRACTION, weightDecay: NOT_NEGATIVE },
  init: (parameter) => {
    if (parameter.rank < 2) {
      throw new ShapeError(
        `muon: expected matrices, got a parameter of shape ${formatShape(parameter.shape)}; ` +
          'give it another rule with parameterGroups',
      );
    }
    return { velocity: zerosLike(parameter) };
  },
  update: ({ parameter, gradient, state, options: { learningRate, momentum, nesterov, weightDecay } }) => {
    const velocity = state.velocity.mul(momentum).add(gradient);
    const direction = nesterov ? velocity.mul(momentum).add(gradient) : velocity;
    const rows = parameter.shape[0];
    const matrix = direction.reshape([rows, -1]);
    const scale = Math.sqrt(Math.max(1, rows / matrix.shape[1]));
    const change = orthogonalize(matrix).reshape(parameter.shape).mul(learningRate.mul(scale));
    const kept = parameter.mul(sub(1, learningRate.mul(weightDecay)));
    return { parameter: kept.sub(change), state: { velocity } };
  },
});

/** M with singular values near 1. */
function orthogonalize(matrix: Tensor): Tensor {
  // The short side first: M Mᵀ is then the smaller of the two products.
  const tall = matrix.shape[0] > matrix.shape[1];
  const wide = tall ? matrix.transpose() : matrix;
  let m = wide.div(wide.square().sum().sqrt().add(1e-7));
  for (let i = 0; i < ITERATIONS; i++) {
    const gram = m.matmul(m.transpose());
    m = m.mul(A).add(gram.mul(B).add(gram.matmul(gram).mul(C)).matmul(m));
  }
  return tall ? m.transpose() : m;
}
