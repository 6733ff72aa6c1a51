import { sub, where, type Tensor } from '@downhill/tensor';

/**
 * What one step did, for each parameter in order. Nothing is computed unless it is asked for, and then it is tensors: return
 * them from the compiled step and they are part of it, with no second pass.
 *
 * ```ts
 * const step = compile((x, y) => {
 *   const loss = ...;
 *   const report = optimizer.step(parameters, gradients(loss, parameters));
 *   return { loss, ratios: report.updateRatios() };
 * });
 * ```
 */
export class StepReport {
  readonly #before: readonly Tensor[];
  readonly #gradients: readonly Tensor[];
  readonly #after: readonly Tensor[];

  /** @internal */
  constructor(before: readonly Tensor[], gradients: readonly Tensor[], after: readonly Tensor[]) {
    this.#before = before;
    this.#gradients = gradients;
    this.#after = after;
  }

  /**
   * ‖new − old‖ / ‖old‖, scalars. The lecture's rule of thumb: about 1e-3; much more, and the rate is too high, much
   * less, and it is too low. Infinity for a parameter that was all zeros.
   */
  updateRatios(): Tensor[] {
    return this.#changes().map((change, i) => norm(change).div(norm(this.#before[i])));
  }

  /** ‖g‖ of the gradients as they were given to the step, scalars. */
  gradientNorms(): Tensor[] {
    return this.#gradients.map(norm);
  }

  /**
   * (old − new) / g for each coordinate, of the parameter's shape: the rate at which it descended, which is α for plain
   * gradient descent and α / (√c + ε) for adagrad. 0 where the gradient is 0.
   */
  effectiveSteps(): Tensor[] {
    return this.#changes().map((change, i) => {
      const gradient = this.#gradients[i];
      return where(gradient.equal(0), 0, change.neg().div(gradient));
    });
  }

  #changes(): Tensor[] {
    return this.#after.map((after, i) => sub(after, this.#before[i]));
  }
}

function norm(x: Tensor): Tensor {
  return x.square().sum().sqrt();
}
