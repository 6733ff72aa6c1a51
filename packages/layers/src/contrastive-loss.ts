import {
  add,
  cast,
  DownhillError,
  formatShape,
  mul,
  relu,
  sameShape,
  ShapeError,
  square,
  sub,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { rootOf, squaredDistance } from './distance.js';
import { checkTargets, reduceLosses, type LossOptions } from './loss.js';

export interface MarginOptions extends LossOptions {
  /** How far apart what is different should be; 1 by default. */
  readonly margin?: number;
}

/**
 * ½ d² for what belongs together and ½ max(0, margin − d)² for what does not, d being the Euclidean distance; by default
 * the mean over pairs. Hadsell, Chopra & LeCun (2006), equation 4.
 *
 * @param left [..., features]
 * @param right of the same shape
 * @param same 1 or true where a pair belongs together, 0 or false where not, [...]
 */
export function contrastiveLoss(
  left: Tensor | Variable,
  right: Tensor | Variable,
  same: Tensor | Variable,
  { margin = 1, ...options }: MarginOptions = {},
): Tensor {
  checkTargets('contrastiveLoss', left, right);
  checkMargin('contrastiveLoss', margin);
  if (!sameShape(same.shape, left.shape.slice(0, -1))) {
    throw new ShapeError(
      `contrastiveLoss: expected one value of 'same' for each pair, ${formatShape(left.shape.slice(0, -1))}, ` +
        `got ${formatShape(same.shape)}`,
    );
  }
  const squared = squaredDistance(left, right);
  const together = cast(same, squared.dtype);
  const missing = relu(sub(margin, rootOf(squared)));
  const losses = add(mul(together, squared), mul(sub(1, together), square(missing)));
  return reduceLosses('contrastiveLoss', mul(losses, 0.5), options);
}

/** Throws unless a margin is above 0. */
export function checkMargin(name: string, margin: number): void {
  if (!(margin > 0)) throw new DownhillError(`${name}: expected a margin above 0, got ${margin}`);
}
