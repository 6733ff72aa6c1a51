import { greater, log, mul, sub, sum, where, type Tensor, type Variable } from '@downhill/tensor';
import { checkTargets, reduceLosses, type LossOptions } from './loss.js';

/**
 * The divergence Σ target · (log target − prediction) over the last axis, by default its mean over the rows: what it
 * costs to take the predicted distribution for the target's. 0 · log 0 is 0. Kullback & Leibler (1951), equation 2.4.
 *
 * @param logPredictions logarithms of probabilities, such as `logSoftmax` gives, [..., classes]
 * @param targets probabilities, [..., classes]
 */
export function kullbackLeibler(
  logPredictions: Tensor | Variable,
  targets: Tensor | Variable,
  options: LossOptions = {},
): Tensor {
  checkTargets('kullbackLeibler', logPredictions, targets);
  const possible = greater(targets, 0);
  const logTargets = log(where(possible, targets, 1));
  return reduceLosses(
    'kullbackLeibler',
    sum(where(possible, mul(targets, sub(logTargets, logPredictions)), 0), { axis: -1 }),
    options,
  );
}
