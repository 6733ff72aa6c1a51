import { max, type Tensor, type Variable } from '@downhill/tensor';
import { Pool, poolSliding, type PoolOptions } from './pooling.js';
import { axesWithin, windowsOf, type PerAxis } from './sliding.js';

export interface MaxPoolOptions extends PoolOptions {
  /** Elements between neighbours in a window; 1 by default. */
  readonly dilation?: PerAxis;
}

/** {@link maxPool2d} of signals, [N, C, W]. */
export function maxPool1d(x: Tensor | Variable, options: MaxPoolOptions): Tensor {
  return maxPool('maxPool1d', 1, x, options);
}

/**
 * The largest element of each window, [N, C, H, W] to [N, C, OH, OW]. Padding counts as −∞; a window of nothing else is an
 * error. The gradient goes to the largest, at a tie to the first; NaN if any is.
 */
export function maxPool2d(x: Tensor | Variable, options: MaxPoolOptions): Tensor {
  return maxPool('maxPool2d', 2, x, options);
}

/** {@link maxPool2d} of volumes, [N, C, D, H, W]. */
export function maxPool3d(x: Tensor | Variable, options: MaxPoolOptions): Tensor {
  return maxPool('maxPool3d', 3, x, options);
}

function maxPool(where: string, spatial: number, x: Tensor | Variable, options: MaxPoolOptions): Tensor {
  const { input, sliding } = poolSliding(where, spatial, x, options);
  return max(windowsOf(input, sliding, -Infinity), { axis: axesWithin(sliding) });
}

/** {@link maxPool1d} as a module. */
export class MaxPool1d extends Pool<MaxPoolOptions> {
  constructor(options: MaxPoolOptions) {
    super(maxPool1d, options);
  }
}

/** {@link maxPool2d} as a module. */
export class MaxPool2d extends Pool<MaxPoolOptions> {
  constructor(options: MaxPoolOptions) {
    super(maxPool2d, options);
  }
}

/** {@link maxPool3d} as a module. */
export class MaxPool3d extends Pool<MaxPoolOptions> {
  constructor(options: MaxPoolOptions) {
    super(maxPool3d, options);
  }
}
