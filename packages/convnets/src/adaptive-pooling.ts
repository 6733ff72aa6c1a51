import { asTensor, concat, formatShape, max, mean, reshape, ShapeError, slice } from '@downhill/tensor';
import type { Tensor, Variable } from '@downhill/tensor';
import { Pool } from './pooling.js';
import { perAxis, type PerAxis } from './sliding.js';

export interface AdaptivePoolOptions {
  /** Elements of the output along each spatial axis. */
  readonly outputSize: PerAxis;
}

/**
 * Means over as many regions as the output is to have elements, [N, C, ...] of any number of spatial axes. Region i of n of
 * an extent goes from ⌊i·extent / n⌋ to ⌈(i + 1)·extent / n⌉, as in PyTorch: where n does not divide the extent, regions
 * overlap.
 */
export function adaptiveAveragePool(x: Tensor | Variable, options: AdaptivePoolOptions): Tensor {
  return adaptivePool('adaptiveAveragePool', mean, x, options);
}

/** The largest element of each of the regions of {@link adaptiveAveragePool}. */
export function adaptiveMaxPool(x: Tensor | Variable, options: AdaptivePoolOptions): Tensor {
  return adaptivePool('adaptiveMaxPool', max, x, options);
}

function adaptivePool(
  where: string,
  reduce: typeof mean,
  x: Tensor | Variable,
  { outputSize }: AdaptivePoolOptions,
): Tensor {
  const input = asTensor(x, where);
  const spatial = input.rank - 2;
  if (spatial < 1 || input.shape.slice(1).includes(0)) {
    throw new ShapeError(
      `${where}: expected x [N, channels, ...] with places, got ${formatShape(input.shape)}`,
    );
  }
  const sizes = perAxis(where, 'outputSize', outputSize, spatial, 1);
  // Means of means of equal counts are means: one axis after another, the last first, for ties to go to the first element.
  return sizes.reduceRight((value, count, i) => poolAxis(reduce, value, i + 2, count), input);
}

function poolAxis(reduce: typeof mean, x: Tensor, axis: number, count: number): Tensor {
  const { shape } = x;
  const extent = shape[axis];
  if (extent === count) return x;
  if (extent % count === 0) {
    const split = [...shape.slice(0, axis), count, extent / count, ...shape.slice(axis + 1)];
    return reduce(reshape(x, split), { axis: axis + 1 });
  }
  const before = shape.slice(0, axis).map(() => undefined);
  const regions = Array.from({ length: count }, (_, i) => {
    const [start, stop] = [Math.floor((i * extent) / count), Math.ceil(((i + 1) * extent) / count)];
    return reduce(slice(x, ...before, [start, stop]), { axis, keepDims: true });
  });
  return concat(regions, { axis });
}

/** {@link adaptiveAveragePool} as a module. */
export class AdaptiveAveragePool extends Pool<AdaptivePoolOptions> {
  constructor(options: AdaptivePoolOptions) {
    super(adaptiveAveragePool, options);
  }
}

/** {@link adaptiveMaxPool} as a module. */
export class AdaptiveMaxPool extends Pool<AdaptivePoolOptions> {
  constructor(options: AdaptivePoolOptions) {
    super(adaptiveMaxPool, options);
  }
}
