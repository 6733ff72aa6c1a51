import { compile, maximum, sqrt, sum, tensor, variable, where, zeros, type Tensor } from '@downhill/tensor';
import { read, type FlatObjective } from './flat-objective.js';
import { solveUpwards } from './newton-system.js';
import type { Walker } from './walker.js';

/**
 * Newton's method: d = −(∇²f)⁻¹ g. Up to `limit` elements the Hessian is made whole, column by column, and where it does
 * not curve upwards it is mended. Beyond, the equation is solved by conjugate gradients on products with the Hessian: only
 * as well as the distance from the minimum deserves, and only as far as the function curves upwards (Newton-CG, Nocedal &
 * Wright (2006), algorithm 7.1).
 */
export function newton(objective: FlatObjective, limit: number): Walker {
  const { direction, gradient, probed, size } = objective;
  const move = compile((length: Tensor) => {
    objective.move(length);
  });
  const arrive = compile(() => {
    gradient.assign(probed);
  });
  const turn = size <= limit ? exactDirection(objective) : truncatedDirection(objective);
  const slope = compile(() => sum(direction.value.mul(gradient)));
  return {
    curvature: 0.9,
    scaled: 'always',
    begin: async () => {
      arrive();
      await turn();
      return read(slope());
    },
    step: async (length) => {
      move(tensor(length, { dtype: 'float64' }));
      await turn();
      return read(slope());
    },
  };
}

function exactDirection(objective: FlatObjective): () => Promise<void> {
  const { direction, gradient, size } = objective;
  const column = compile((unit: Tensor) => objective.curvature(unit));
  return async () => {
    const hessian: Float64Array[] = [];
    for (let i = 0; i < size; i++) {
      const unit = new Float64Array(size);
      unit[i] = 1;
      hessian.push(Float64Array.from(await column(tensor(unit)).data()));
    }
    const towards = solveUpwards(
      hessian,
      Float64Array.from(await gradient.data(), (each) => -each),
    );
    direction.assign(tensor(towards));
  };
}

function truncatedDirection(objective: FlatObjective): () => Promise<void> {
  const { direction, gradient, size } = objective;
  const zero = zeros([size], { dtype: 'float64' });
  const vector = (name: string) => variable(zero, { name: `minimize.${name}`, trainable: false });
  const [solution, residual, conjugate] = ['solution', 'residual', 'conjugate'].map(vector);

  const begin = compile(() => {
    solution.assign(zero);
    residual.assign(gradient);
    conjugate.assign(gradient.neg());
    return sqrt(sum(gradient.square()));
  });
  /** One round: how far the function curves along the conjugate direction, and the residual that is left. */
  const round = compile(() => {
    const [r, d] = [residual.value, conjugate.value];
    const product = objective.curvature(d);
    const curvature = sum(d.mul(product));
    const upwards = curvature.greater(sum(d.square()).mul(1e-14));
    const before = sum(r.square());
    const length = where(upwards, before.div(curvature), 0);
    const rest = r.add(product.mul(length));
    const after = sum(rest.square());
    solution.assign(solution.add(d.mul(length)));
    residual.assign(rest);
    conjugate.assign(d.mul(after.div(before)).sub(rest));
    return [where(upwards, 1, 0), sqrt(after)];
  });
  const finish = compile((rounds: Tensor) => {
    // Where the very first direction curves downwards it is the direction: that of steepest descent.
    direction.assign(where(maximum(rounds, 0).equal(0), gradient.neg(), solution));
  });

  return async () => {
    const norm = await read(begin());
    const enough = Math.min(0.5, Math.sqrt(norm)) * norm;
    let rounds = 0;
    while (rounds < 2 * size) {
      const [upwards, rest] = await Promise.all(round().map(read));
      if (upwards === 0) break;
      rounds++;
      if (!(rest > enough)) break;
    }
    finish(tensor(rounds, { dtype: 'float64' }));
  };
}
