import {
  DTypeError,
  formatShape,
  logSumExp,
  mean,
  ShapeError,
  squeeze,
  sub,
  takeAlongAxis,
  unsqueeze,
  type Tensor,
  type Variable,
} from '@downhill/tensor';

/**
 * The mean over a batch of −log softmax(logits)[label]: the loss of a softmax classifier, as a scalar. It takes the raw
 * scores, because log and exp cancel and so neither overflows.
 *
 * @param logits scores, [N, classes]
 * @param labels the right class of each row, int32 or uint8, [N]; one outside 0 to classes - 1 is a DataError
 */
export function crossEntropy(logits: Tensor | Variable, labels: Tensor | Variable): Tensor {
  const [count] = logits.shape;
  if (logits.rank !== 2 || labels.rank !== 1 || labels.shape[0] !== count) {
    throw new ShapeError(
      `crossEntropy: expected logits [N, classes] and labels [N], got ${formatShape(logits.shape)} and ` +
        `${formatShape(labels.shape)}; labels are class numbers, not one-hot rows`,
    );
  }
  if (labels.dtype !== 'int32' && labels.dtype !== 'uint8') {
    throw new DTypeError(
      `crossEntropy: expected labels of int32 or uint8, got ${labels.dtype}; make them with { dtype: 'int32' }`,
    );
  }
  const chosen = squeeze(takeAlongAxis(logits, unsqueeze(labels, 1), { axis: 1 }), 1);
  return mean(sub(logSumExp(logits, { axis: 1 }), chosen));
}
