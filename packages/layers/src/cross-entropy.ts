import {
  add,
  div,
  DownhillError,
  formatShape,
  isFloating,
  logSumExp,
  mean,
  mul,
  neg,
  notEqual,
  onesLike,
  sameShape,
  ShapeError,
  squeeze,
  sub,
  sum,
  take,
  takeAlongAxis,
  unsqueeze,
  where,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkLabels } from './labels.js';
import { reduceLosses, type LossOptions } from './loss.js';
import { logSoftmax } from './softmax.js';

export interface CrossEntropyOptions extends LossOptions {
  /** The part of each target that is spread evenly over all classes; 0 by default. Szegedy et al. (2016), section 7. */
  readonly labelSmoothing?: number;
  /** What each class weighs, [classes]; with class numbers the mean is then over weights, not rows. 1 by default. */
  readonly classWeights?: Tensor | Variable;
  /** A label whose rows count for nothing, such as that of padding; it may lie outside the classes. None by default. */
  readonly ignoredLabel?: number;
}

/**
 * −log softmax(logits)[label], by default the mean over a batch: the loss of a softmax classifier. It takes the raw
 * scores, because log and exp cancel and so neither overflows.
 *
 * @param logits scores, [..., classes]
 * @param labels the right class of each row, int32 or uint8, [...]; one outside 0 to classes - 1 is a DataError. Or soft
 *   labels: probabilities of all classes, float32 or float64, [..., classes]
 */
export function crossEntropy(
  logits: Tensor | Variable,
  labels: Tensor | Variable,
  options: CrossEntropyOptions = {},
): Tensor {
  const { labelSmoothing = 0, classWeights } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new DownhillError(`crossEntropy: expected a labelSmoothing from 0 to 1, got ${labelSmoothing}`);
  }
  const classes = logits.shape.slice(-1);
  if (classWeights !== undefined && !sameShape(classWeights.shape, classes)) {
    throw new ShapeError(
      `crossEntropy: expected classWeights ${formatShape(classes)}, one for each class, ` +
        `got ${formatShape(classWeights.shape)}`,
    );
  }
  if (isFloating(labels.dtype) && logits.rank > 0 && sameShape(labels.shape, logits.shape)) {
    return ofProbabilities(logits, labels, options);
  }
  checkLabels('crossEntropy', logits, labels);
  return ofClasses(logits, labels, options);
}

function ofProbabilities(
  logits: Tensor | Variable,
  targets: Tensor | Variable,
  { labelSmoothing = 0, classWeights, ignoredLabel, ...options }: CrossEntropyOptions,
): Tensor {
  if (ignoredLabel !== undefined) {
    throw new DownhillError(
      'crossEntropy: ignoredLabel is for class numbers; make ignored soft labels all 0',
    );
  }
  const smooth =
    labelSmoothing === 0
      ? targets
      : add(mul(targets, 1 - labelSmoothing), labelSmoothing / logits.shape[logits.rank - 1]);
  const weighted = classWeights === undefined ? smooth : mul(smooth, classWeights);
  return reduceLosses('crossEntropy', neg(sum(mul(weighted, logSoftmax(logits)), { axis: -1 })), options);
}

function ofClasses(
  logits: Tensor | Variable,
  given: Tensor | Variable,
  { labelSmoothing = 0, classWeights, ignoredLabel, ...options }: CrossEntropyOptions,
): Tensor {
  const kept = ignoredLabel === undefined ? undefined : notEqual(given, ignoredLabel);
  const labels = kept === undefined ? given : where(kept, given, 0);
  const normalizer = logSumExp(logits, { axis: -1 });
  const chosen = squeeze(takeAlongAxis(logits, unsqueeze(labels, -1), { axis: -1 }), -1);
  const plain = sub(normalizer, chosen);
  if (labelSmoothing === 0 && classWeights === undefined && kept === undefined) {
    return reduceLosses('crossEntropy', plain, options);
  }
  const own = classWeights === undefined ? onesLike(plain) : take(classWeights, labels);
  const weights = kept === undefined ? own : where(kept, own, 0);
  const sharp = mul(plain, own);
  const smooth =
    labelSmoothing === 0
      ? sharp
      : add(mul(sharp, 1 - labelSmoothing), mul(overAllClasses(logits, classWeights), labelSmoothing));
  const losses = kept === undefined ? smooth : where(kept, smooth, 0);
  if ((options.reduction ?? 'mean') === 'mean') return div(sum(losses), sum(weights));
  return reduceLosses('crossEntropy', losses, options);
}

/** The loss of each row if all classes were right in equal parts. */
function overAllClasses(logits: Tensor | Variable, classWeights: Tensor | Variable | undefined): Tensor {
  const all = neg(logSoftmax(logits));
  return mean(classWeights === undefined ? all : mul(all, classWeights), { axis: -1 });
}
