import { add, mul, neg, softplus, sub, type Tensor, type TensorLike, type Variable } from '@downhill/tensor';
import { checkTargets, reduceLosses, type LossOptions } from './loss.js';

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** What an example of the class weighs against one that is not, a number or one for each column; 1 by default. */
  readonly positiveWeight?: TensorLike;
}

/**
 * −t log p − (1 − t) log(1 − p) with p = sigmoid(logit), by default the mean over all elements. It takes the raw scores,
 * so nothing overflows.
 *
 * @param logits scores of any shape
 * @param targets probabilities from 0 to 1, of the same shape
 */
export function binaryCrossEntropy(
  logits: Tensor | Variable,
  targets: Tensor | Variable,
  { positiveWeight = 1, ...options }: BinaryCrossEntropyOptions = {},
): Tensor {
  checkTargets('binaryCrossEntropy', logits, targets);
  const positive = mul(mul(targets, positiveWeight), softplus(neg(logits)));
  const negative = mul(sub(1, targets), softplus(logits));
  return reduceLosses('binaryCrossEntropy', add(positive, negative), options);
}
