import { relu, sub, type Tensor, type Variable } from '@downhill/tensor';
import { checkMargin, type MarginOptions } from './contrastive-loss.js';
import { rootOf, squaredDistance } from './distance.js';
import { checkTargets, reduceLosses } from './loss.js';

/**
 * max(0, d(anchor, positive) − d(anchor, negative) + margin), d being the Euclidean distance; by default the mean over
 * triplets. Schroff, Kalenichenko & Philbin (2015), section 3.1, there with squared distances.
 *
 * @param anchor [..., features]
 * @param positive what belongs to the anchor, of the same shape
 * @param negative what does not
 */
export function tripletLoss(
  anchor: Tensor | Variable,
  positive: Tensor | Variable,
  negative: Tensor | Variable,
  { margin = 1, ...options }: MarginOptions = {},
): Tensor {
  checkTargets('tripletLoss', anchor, positive);
  checkTargets('tripletLoss', anchor, negative);
  checkMargin('tripletLoss', margin);
  const near = rootOf(squaredDistance(anchor, positive));
  const far = rootOf(squaredDistance(anchor, negative));
  return reduceLosses('tripletLoss', relu(sub(near, far).add(margin)), options);
}
