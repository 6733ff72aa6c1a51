import { square, sub, type Tensor, type Variable } from '@downhill/tensor';
import { checkTargets, reduceLosses, type LossOptions } from './loss.js';

/** (prediction − target)², by default the mean over all elements. Both must have one shape: nothing is broadcast. */
export function meanSquaredError(
  predictions: Tensor | Variable,
  targets: Tensor | Variable,
  options: LossOptions = {},
): Tensor {
  checkTargets('meanSquaredError', predictions, targets);
  return reduceLosses('meanSquaredError', square(sub(predictions, targets)), options);
}
