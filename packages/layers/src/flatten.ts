import { formatShape, reshape, ShapeError, sizeOf, type Tensor, type Variable } from '@downhill/tensor';
import { Module } from './module.js';

/** All axes but the first in one: [N, C, H, W] becomes [N, C · H · W]. */
export class Flatten extends Module {
  override forward(x: Tensor | Variable): Tensor {
    if (x.rank === 0) {
      throw new ShapeError(
        `Flatten: expected [N, ...], got ${formatShape(x.shape)}: there is no axis to keep`,
      );
    }
    return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
  }
}
