import { formatShape, permute, reshape, ShapeError, type Tensor, type Variable } from '@downhill/tensor';
import { Module } from '@downhill/layers';
import { checkImages } from './sliding.js';

/**
 * Channels become places: [N, C·f², H, W] to [N, C, H·f, W·f], where channel c·f² + i·f + j goes to row i and column j of
 * each square of f by f. Shi et al. (2016), equation 4.
 */
export function pixelShuffle(x: Tensor | Variable, factor: number): Tensor {
  checkImages('pixelShuffle', x, 2);
  checkFactor('pixelShuffle', factor);
  const [count, channels, height, width] = x.shape;
  const kept = channels / factor ** 2;
  if (!Number.isInteger(kept)) {
    throw new ShapeError(
      `pixelShuffle: ${channels} channels of ${formatShape(x.shape)} are no multiple of ${factor ** 2}, ` +
        `the square of factor ${factor}`,
    );
  }
  const apart = permute(reshape(x, [count, kept, factor, factor, height, width]), [0, 1, 4, 2, 5, 3]);
  return reshape(apart, [count, kept, height * factor, width * factor]);
}

/** The inverse of {@link pixelShuffle}: [N, C, H·f, W·f] to [N, C·f², H, W]. */
export function pixelUnshuffle(x: Tensor | Variable, factor: number): Tensor {
  checkImages('pixelUnshuffle', x, 2);
  checkFactor('pixelUnshuffle', factor);
  const [count, channels, ...extents] = x.shape;
  const [height, width] = extents.map((extent) => extent / factor);
  if (![height, width].every(Number.isInteger)) {
    throw new ShapeError(
      `pixelUnshuffle: height and width of ${formatShape(x.shape)} must be multiples of factor ${factor}`,
    );
  }
  const apart = permute(reshape(x, [count, channels, height, factor, width, factor]), [0, 1, 3, 5, 2, 4]);
  return reshape(apart, [count, channels * factor ** 2, height, width]);
}

function checkFactor(where: string, factor: number): void {
  if (Number.isInteger(factor) && factor >= 1) return;
  throw new ShapeError(`${where}: expected a factor that is a whole number of at least 1, got ${factor}`);
}

/** {@link pixelShuffle} as a module. */
export class PixelShuffle extends Module {
  constructor(readonly factor: number) {
    super();
    checkFactor('PixelShuffle', factor);
  }

  override forward(x: Tensor | Variable): Tensor {
    return pixelShuffle(x, this.factor);
  }
}
