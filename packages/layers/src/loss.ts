import {
  DownhillError,
  formatShape,
  mean,
  sameShape,
  ShapeError,
  sum,
  type Tensor,
  type Variable,
} from '@downhill/tensor';

export interface LossOptions {
  /** What becomes of the examples' losses: their mean (the default), their sum, or nothing, which keeps each. */
  readonly reduction?: 'mean' | 'sum' | 'none';
}

/** The losses of examples, or of elements, made into what was asked for. */
export function reduceLosses(name: string, losses: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  switch (reduction) {
    case 'mean':
      return mean(losses);
    case 'sum':
      return sum(losses);
    case 'none':
      return losses;
    default:
      throw new DownhillError(
        `${name}: expected a reduction of 'mean', 'sum' or 'none', got ${String(reduction)}`,
      );
  }
}

/** Throws unless predictions and targets have one shape: a loss broadcasts nothing. */
export function checkTargets(name: string, predictions: Tensor | Variable, targets: Tensor | Variable): void {
  if (sameShape(predictions.shape, targets.shape)) return;
  throw new ShapeError(
    `${name}: predictions of ${formatShape(predictions.shape)} and targets of ${formatShape(targets.shape)} ` +
      'must have the same shape; reshape or expand one of them',
  );
}
