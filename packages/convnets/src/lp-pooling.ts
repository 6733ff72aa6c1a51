import { abs, DownhillError, equal, pow, sum, where, type Tensor, type Variable } from '@downhill/tensor';
import { Pool, poolSliding, type PoolOptions } from './pooling.js';
import { axesWithin, windowsOf } from './sliding.js';

export interface LpPoolOptions extends PoolOptions {
  /** p, a finite number of at least 1: 1 adds up magnitudes, 2 is the Euclidean length, the larger the nearer the maximum. */
  readonly power: number;
}

/** {@link lpPool2d} of signals, [N, C, W]. */
export function lpPool1d(x: Tensor | Variable, options: LpPoolOptions): Tensor {
  return lpPool('lpPool1d', 1, x, options);
}

/**
 * (Σ |x|ᵖ)^(1/p) over each window, [N, C, H, W] to [N, C, OH, OW]; padding counts as 0. The gradient of a window of
 * zeros is 0. Sermanet, Chintala & LeCun (2012), equation 1, with equal weights.
 */
export function lpPool2d(x: Tensor | Variable, options: LpPoolOptions): Tensor {
  return lpPool('lpPool2d', 2, x, options);
}

/** {@link lpPool2d} of volumes, [N, C, D, H, W]. */
export function lpPool3d(x: Tensor | Variable, options: LpPoolOptions): Tensor {
  return lpPool('lpPool3d', 3, x, options);
}

function lpPool(name: string, spatial: number, x: Tensor | Variable, options: LpPoolOptions): Tensor {
  const { power } = options;
  if (!(power >= 1 && Number.isFinite(power))) {
    throw new DownhillError(`${name}: power must be a finite number of at least 1, got ${power}`);
  }
  const { input, sliding } = poolSliding(name, spatial, x, options);
  const total = sum(windowsOf(pow(abs(input), power), sliding), { axis: axesWithin(sliding) });
  // A root has no derivative at 0.
  const zero = equal(total, 0);
  return where(zero, 0, pow(where(zero, 1, total), 1 / power));
}

/** {@link lpPool1d} as a module. */
export class LpPool1d extends Pool<LpPoolOptions> {
  constructor(options: LpPoolOptions) {
    super(lpPool1d, options);
  }
}

/** {@link lpPool2d} as a module. */
export class LpPool2d extends Pool<LpPoolOptions> {
  constructor(options: LpPoolOptions) {
    super(lpPool2d, options);
  }
}

/** {@link lpPool3d} as a module. */
export class LpPool3d extends Pool<LpPoolOptions> {
  constructor(options: LpPoolOptions) {
    super(lpPool3d, options);
  }
}
