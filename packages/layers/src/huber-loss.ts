import { abs, DownhillError, minimum, mul, sub, type Tensor, type Variable } from '@downhill/tensor';
import { checkTargets, reduceLosses, type LossOptions } from './loss.js';

export interface HuberLossOptions extends LossOptions {
  /** The error at which the parabola becomes a line; 1 by default. */
  readonly threshold?: number;
}

/**
 * Half the squared error up to a threshold δ, δ (|error| − δ / 2) beyond, so that outliers pull no harder than others;
 * by default the mean over all elements. Huber (1964).
 */
export function huberLoss(
  predictions: Tensor | Variable,
  targets: Tensor | Variable,
  { threshold = 1, ...options }: HuberLossOptions = {},
): Tensor {
  checkTargets('huberLoss', predictions, targets);
  if (!(threshold > 0)) throw new DownhillError(`huberLoss: expected a threshold above 0, got ${threshold}`);
  const error = abs(sub(predictions, targets));
  const bent = minimum(error, threshold);
  return reduceLosses('huberLoss', mul(bent, sub(error, mul(bent, 0.5))), options);
}
