import { formatShape, max, mean, ShapeError, type Tensor, type Variable } from '@downhill/tensor';
import { Module } from '@downhill/layers';

/** The mean of each channel over all its places: [N, C, ...] to [N, C], whatever the size of the images. */
export function globalAveragePool(x: Tensor | Variable): Tensor {
  return mean(x, { axis: spatialAxes('globalAveragePool', x) });
}

/** The largest element of each channel: [N, C, ...] to [N, C]. */
export function globalMaxPool(x: Tensor | Variable): Tensor {
  return max(x, { axis: spatialAxes('globalMaxPool', x) });
}

function spatialAxes(where: string, { shape }: Tensor | Variable): number[] {
  if (shape.length < 3 || shape.slice(2).includes(0)) {
    throw new ShapeError(`${where}: expected x [N, channels, ...] with places, got ${formatShape(shape)}`);
  }
  return shape.slice(2).map((_, axis) => axis + 2);
}

/** {@link globalAveragePool} as a module. */
export class GlobalAveragePool extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return globalAveragePool(x);
  }
}

/** {@link globalMaxPool} as a module. */
export class GlobalMaxPool extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return globalMaxPool(x);
  }
}
