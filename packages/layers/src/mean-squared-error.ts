import {
  formatShape,
  mean,
  sameShape,
  ShapeError,
  square,
  sub,
  type Tensor,
  type Variable,
} from '@downhill/tensor';

/** The mean of (prediction − target)² over all elements, as a scalar. Both must have one shape: nothing is broadcast. */
export function meanSquaredError(predictions: Tensor | Variable, targets: Tensor | Variable): Tensor {
  if (!sameShape(predictions.shape, targets.shape)) {
    throw new ShapeError(
      `meanSquaredError: predictions of ${formatShape(predictions.shape)} and targets of ` +
        `${formatShape(targets.shape)} must have the same shape; reshape or expand one of them`,
    );
  }
  return mean(square(sub(predictions, targets)));
}
