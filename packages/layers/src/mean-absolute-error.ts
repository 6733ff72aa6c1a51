import { abs, sub, type Tensor, type Variable } from '@downhill/tensor';
import { checkTargets, reduceLosses, type LossOptions } from './loss.js';

/** |prediction − target|, by default the mean over all elements; the gradient at 0 is 0. Both must have one shape. */
export function meanAbsoluteError(
  predictions: Tensor | Variable,
  targets: Tensor | Variable,
  options: LossOptions = {},
): Tensor {
  checkTargets('meanAbsoluteError', predictions, targets);
  return reduceLosses('meanAbsoluteError', abs(sub(predictions, targets)), options);
}
