import {
  asTensor,
  DownhillError,
  formatShape,
  pad,
  ShapeError,
  square,
  sum,
  windows,
} from '@downhill/tensor';
import type { Tensor, Variable } from '@downhill/tensor';
import { Module } from '@downhill/layers';

export interface LocalResponseNormalizationOptions {
  /** n, the neighbouring channels that are summed over; 5 by default. */
  readonly size?: number;
  /** α; 1e-4 by default. It multiplies the sum, as in the paper; PyTorch's alpha is this times `size`. */
  readonly alpha?: number;
  /** β; 0.75 by default. */
  readonly beta?: number;
  /** What is added to the sum; 2 by default. */
  readonly k?: number;
}

/**
 * x / (k + α Σ x²)^β, with the sum over n channels around each, at the same place: strong responses quieten their
 * neighbours. x is [N, C, ...]; of an even n the middle is taken to be the later one. Krizhevsky, Sutskever & Hinton (2012),
 * section 3.3, whose constants are the defaults.
 */
export function localResponseNormalization(
  x: Tensor | Variable,
  { size = 5, alpha = 1e-4, beta = 0.75, k = 2 }: LocalResponseNormalizationOptions = {},
): Tensor {
  const input = asTensor(x, 'localResponseNormalization');
  if (input.rank < 2) {
    throw new ShapeError(
      `localResponseNormalization: expected x [N, channels, ...], got ${formatShape(input.shape)}`,
    );
  }
  if (!(
    Number.isInteger(size) &&
    size >= 1 &&
    [alpha, beta, k].every((value) => value >= 0 && value < Infinity)
  )) {
    throw new DownhillError(
      'localResponseNormalization: expected a size that is a whole number of at least 1 and finite alpha, beta and k of ' +
        `at least 0, got size ${size}, alpha ${alpha}, beta ${beta}, k ${k}`,
    );
  }
  const widths = input.shape.map((_, axis): [number, number] =>
    axis === 1 ? [Math.floor(size / 2), Math.floor((size - 1) / 2)] : [0, 0],
  );
  const neighbours = windows(pad(square(input), widths), { axes: 1, size });
  return input.div(sum(neighbours, { axis: -1 }).mul(alpha).add(k).pow(beta));
}

/** {@link localResponseNormalization} as a module. */
export class LocalResponseNormalization extends Module {
  constructor(readonly options: LocalResponseNormalizationOptions = {}) {
    super();
  }

  override forward(x: Tensor | Variable): Tensor {
    return localResponseNormalization(x, this.options);
  }
}
