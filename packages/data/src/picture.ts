import { formatShape, ShapeError, sizeOf, type Shape } from '@downhill/tensor';

/** One image on the host: [channels, height, width], or [height, width], channel after channel, row after row. */
export interface Picture {
  readonly shape: Shape;
  readonly pixels: Float32Array;
}

/** The extents of a picture; throws a ShapeError for one without rows and columns. */
export function extentsOf(
  { shape }: { readonly shape: Shape },
  where: string,
): { channels: number; height: number; width: number } {
  if (shape.length !== 2 && shape.length !== 3) {
    throw new ShapeError(
      `${where}: expected images of shape [channels, height, width] or [height, width], got ${formatShape(shape)}; ` +
        'for flat ones say what they are: { ...dataset, shape: [1, 28, 28] }',
    );
  }
  const [height, width] = shape.slice(-2);
  return { channels: sizeOf(shape.slice(0, -2)), height, width };
}

/** What a picture made of another one is like. */
interface Target {
  readonly height: number;
  readonly width: number;
  /** What stands where the other one has nothing. */
  readonly fill: number;
  /** Whose doing it is: begins messages. */
  readonly where: string;
}

/** A picture whose pixel (y, x) is the one at (rowOf(y), columnOf(x)) of the given picture, channel by channel. */
export function rearrange(
  picture: Picture,
  { height, width, fill, where }: Target,
  rowOf: (y: number) => number,
  columnOf: (x: number) => number,
): Picture {
  const from = extentsOf(picture, where);
  const pixels = new Float32Array(from.channels * height * width).fill(fill);
  const columns = Array.from({ length: width }, (_, x) => columnOf(x));
  for (let row = 0; row < from.channels * height; row++) {
    const channel = Math.floor(row / height);
    const y = rowOf(row % height);
    if (y < 0 || y >= from.height) continue;
    const start = (channel * from.height + y) * from.width;
    for (let x = 0; x < width; x++) {
      const column = columns[x];
      if (column >= 0 && column < from.width) pixels[row * width + x] = picture.pixels[start + column];
    }
  }
  return { shape: [...picture.shape.slice(0, -2), height, width], pixels };
}

/**
 * A picture of `height` by `width` whose pixel (y, x) is the one at `source(y, x)` of the given picture, channel by channel.
 * Between pixels it is interpolated from the four around (bilinear); outside everything is `fill`.
 */
export function resample(
  picture: Picture,
  { height, width, fill, where }: Target,
  source: (y: number, x: number) => readonly [y: number, x: number],
): Picture {
  const from = extentsOf(picture, where);
  const pixels = new Float32Array(from.channels * height * width);
  const at = (channel: number, y: number, x: number): number =>
    y >= 0 && y < from.height && x >= 0 && x < from.width
      ? picture.pixels[(channel * from.height + y) * from.width + x]
      : fill;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [v, u] = source(y, x);
      const [top, left] = [Math.floor(v), Math.floor(u)];
      const [down, right] = [v - top, u - left];
      for (let channel = 0; channel < from.channels; channel++) {
        const upper = mixed(at(channel, top, left), at(channel, top, left + 1), right);
        const value =
          down === 0
            ? upper
            : mixed(upper, mixed(at(channel, top + 1, left), at(channel, top + 1, left + 1), right), down);
        pixels[(channel * height + y) * width + x] = value;
      }
    }
  }
  return { shape: [...picture.shape.slice(0, -2), height, width], pixels };
}

/** Between a and b; exactly a at share 0, whatever b is. */
function mixed(a: number, b: number, share: number): number {
  return share === 0 ? a : a * (1 - share) + b * share;
}
