import { DTypeError, formatShape, sameShape, ShapeError, type Tensor, type Variable } from '@downhill/tensor';

/** Throws unless there is one class number for each row of scores; `name` begins the message. */
export function checkLabels(name: string, scores: Tensor | Variable, labels: Tensor | Variable): void {
  if (scores.rank < 1 || !sameShape(scores.shape.slice(0, -1), labels.shape)) {
    throw new ShapeError(
      `${name}: expected scores [N, classes] and labels [N], got ${formatShape(scores.shape)} and ` +
        `${formatShape(labels.shape)}; integer labels are class numbers, not one-hot rows`,
    );
  }
  if (labels.dtype !== 'int32' && labels.dtype !== 'uint8') {
    throw new DTypeError(
      `${name}: expected labels of int32 or uint8, got ${labels.dtype}; make them with { dtype: 'int32' }`,
    );
  }
}
