import {
  DownhillError,
  equal,
  iota,
  relu,
  square,
  sub,
  sum,
  takeAlongAxis,
  unsqueeze,
  where,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkLabels } from './labels.js';
import { reduceLosses, type LossOptions } from './loss.js';

export interface MulticlassHingeOptions extends LossOptions {
  /** By how much the right class must win; 1 by default. */
  readonly margin?: number;
  /** Whether each excess is squared (the L2-SVM); false by default. */
  readonly squared?: boolean;
}

/**
 * The loss of a linear support vector machine: Σ max(0, score of j − score of the right class + margin) over all wrong
 * classes j, by default the mean over the batch. Weston & Watkins (1999), equation 7.
 *
 * @param scores [..., classes]
 * @param labels the right class of each row, int32 or uint8, [...]; one outside 0 to classes - 1 is a DataError
 */
export function multiclassHinge(
  scores: Tensor | Variable,
  labels: Tensor | Variable,
  { margin = 1, squared = false, ...options }: MulticlassHingeOptions = {},
): Tensor {
  checkLabels('multiclassHinge', scores, labels);
  if (!(margin >= 0))
    throw new DownhillError(`multiclassHinge: expected a margin of at least 0, got ${margin}`);
  const right = unsqueeze(labels, -1);
  const excess = relu(sub(scores, takeAlongAxis(scores, right, { axis: -1 })).add(margin));
  const wrong = where(
    equal(iota(scores.shape[scores.rank - 1]), right),
    0,
    squared ? square(excess) : excess,
  );
  return reduceLosses('multiclassHinge', sum(wrong, { axis: -1 }), options);
}
