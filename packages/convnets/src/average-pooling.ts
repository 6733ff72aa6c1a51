import { div, mean, ones, sum, type Tensor, type Variable } from '@downhill/tensor';
import { Pool, poolSliding, type PoolOptions } from './pooling.js';
import { axesWithin, surround, windowsOf } from './sliding.js';

export interface AveragePoolOptions extends PoolOptions {
  /** Whether the zeros of the padding count as elements of a window; true by default, as in PyTorch. */
  readonly countPadding?: boolean;
}

/** {@link averagePool2d} of signals, [N, C, W]. */
export function averagePool1d(x: Tensor | Variable, options: AveragePoolOptions): Tensor {
  return averagePool('averagePool1d', 1, x, options);
}

/**
 * The mean of each window, [N, C, H, W] to [N, C, OH, OW]. Whether the zeros of the padding count is
 * `countPadding`. What the last window of `ceilMode` holds beyond the padding never counts.
 */
export function averagePool2d(x: Tensor | Variable, options: AveragePoolOptions): Tensor {
  return averagePool('averagePool2d', 2, x, options);
}

/** {@link averagePool2d} of volumes, [N, C, D, H, W]. */
export function averagePool3d(x: Tensor | Variable, options: AveragePoolOptions): Tensor {
  return averagePool('averagePool3d', 3, x, options);
}

function averagePool(
  where: string,
  spatial: number,
  x: Tensor | Variable,
  options: AveragePoolOptions,
): Tensor {
  const { input, sliding } = poolSliding(where, spatial, x, options);
  const { padding, overhang } = sliding;
  const { countPadding = true } = options;
  const axis = axesWithin(sliding);
  const view = windowsOf(input, sliding);
  const uncounted = [...overhang, ...(countPadding ? [] : padding.flat())];
  if (uncounted.every((width) => width === 0)) return mean(view, { axis });
  // 1 where an element counts: the windows of this say how many each of them has.
  const counting = surround(ones(input.shape.slice(2)), padding, countPadding ? 1 : 0);
  const inside = { ...sliding, padding: padding.map((): [number, number] => [0, 0]) };
  return div(sum(view, { axis }), sum(windowsOf(counting, inside), { axis }));
}

/** {@link averagePool1d} as a module. */
export class AveragePool1d extends Pool<AveragePoolOptions> {
  constructor(options: AveragePoolOptions) {
    super(averagePool1d, options);
  }
}

/** {@link averagePool2d} as a module. */
export class AveragePool2d extends Pool<AveragePoolOptions> {
  constructor(options: AveragePoolOptions) {
    super(averagePool2d, options);
  }
}

/** {@link averagePool3d} as a module. */
export class AveragePool3d extends Pool<AveragePoolOptions> {
  constructor(options: AveragePoolOptions) {
    super(averagePool3d, options);
  }
}
