import { DownhillError, ShapeError } from '@downhill/tensor';
import { extentsOf, rearrange, resample, type Picture } from './picture.js';
import { checkWhole } from './shuffle.js';

/**
 * Changes a picture at random, leaving what it shows. `random` gives numbers in [0, 1) that are the same for the same seed,
 * epoch and example; a function of your own is as good as these. It must not change the picture it is given.
 */
export type Augmentation = (picture: Picture, random: () => number) => Picture;

interface FillOptions {
  /** What stands where nothing was; 0 by default. */
  readonly fill?: number;
}

/** Moves by a whole number of pixels, each from -pixels to pixels alike, along either axis. */
export function shift({ pixels, fill = 0 }: FillOptions & { readonly pixels: number }): Augmentation {
  checkWhole('shift: pixels', pixels);
  return (picture, random) => {
    const { height, width } = extentsOf(picture, 'shift');
    const [down, right] = [
      wholeBelow(2 * pixels + 1, random) - pixels,
      wholeBelow(2 * pixels + 1, random) - pixels,
    ];
    return rearrange(
      picture,
      { height, width, fill, where: 'shift' },
      (y) => y - down,
      (x) => x - right,
    );
  };
}

/** Mirrors left and right ('horizontal', the default) or top and bottom, with a probability of 0.5 by default. */
export function flip({
  direction = 'horizontal',
  probability = 0.5,
}: { readonly direction?: 'horizontal' | 'vertical'; readonly probability?: number } = {}): Augmentation {
  if (!(probability >= 0 && probability <= 1)) {
    throw new DownhillError(`flip: expected a probability from 0 to 1, got ${probability}`);
  }
  return (picture, random) => {
    const { height, width } = extentsOf(picture, 'flip');
    if (random() >= probability) return picture;
    const horizontal = direction === 'horizontal';
    return rearrange(
      picture,
      { height, width, fill: 0, where: 'flip' },
      (y) => (horizontal ? y : height - 1 - y),
      (x) => (horizontal ? width - 1 - x : x),
    );
  };
}

/** Cuts out `height` by `width` pixels, anywhere alike, after `padding` pixels (0 by default) of `fill` were put around. */
export function crop({
  height,
  width,
  padding = 0,
  fill = 0,
}: FillOptions & {
  readonly height: number;
  readonly width: number;
  readonly padding?: number;
}): Augmentation {
  checkWhole('crop: height', height, 1);
  checkWhole('crop: width', width, 1);
  checkWhole('crop: padding', padding);
  return (picture, random) => {
    const from = extentsOf(picture, 'crop');
    const [spareRows, spareColumns] = [from.height + 2 * padding - height, from.width + 2 * padding - width];
    if (spareRows < 0 || spareColumns < 0) {
      throw new ShapeError(
        `crop: cannot cut ${height} × ${width} out of ${from.height} × ${from.width} with a padding of ${padding}`,
      );
    }
    const [top, left] = [
      wholeBelow(spareRows + 1, random) - padding,
      wholeBelow(spareColumns + 1, random) - padding,
    ];
    return rearrange(
      picture,
      { height, width, fill, where: 'crop' },
      (y) => y + top,
      (x) => x + left,
    );
  };
}

/** Turns about the middle by an angle from -degrees to degrees, counterclockwise if positive; bilinear. */
export function rotate({ degrees, fill = 0 }: FillOptions & { readonly degrees: number }): Augmentation {
  if (!(degrees >= 0 && degrees <= 180)) {
    throw new DownhillError(`rotate: expected degrees from 0 to 180, got ${degrees}`);
  }
  return (picture, random) => {
    const angle = ((2 * random() - 1) * degrees * Math.PI) / 180;
    const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
    return aboutMiddle(picture, fill, 'rotate', (y, x) => [cosine * y + sine * x, cosine * x - sine * y]);
  };
}

/** Enlarges about the middle by a factor from `from` to `to` (below 1 it shrinks); bilinear. */
export function scale({
  from,
  to,
  fill = 0,
}: FillOptions & { readonly from: number; readonly to: number }): Augmentation {
  if (!(from > 0 && to >= from && to < Infinity)) {
    throw new DownhillError(`scale: expected 0 < from <= to, got ${from} and ${to}`);
  }
  return (picture, random) => {
    const factor = from + (to - from) * random();
    return aboutMiddle(picture, fill, 'scale', (y, x) => [y / factor, x / factor]);
  };
}

/**
 * Covers a square of `size` by `size` pixels with `fill`, in all channels (DeVries and Taylor 2017). Its middle is anywhere in
 * the picture alike, so part of it may lie outside.
 */
export function cutout({ size, fill = 0 }: FillOptions & { readonly size: number }): Augmentation {
  checkWhole('cutout: size', size, 1);
  return (picture, random) => {
    const { channels, height, width } = extentsOf(picture, 'cutout');
    const half = Math.floor(size / 2);
    const [top, left] = [wholeBelow(height, random) - half, wholeBelow(width, random) - half];
    const pixels = picture.pixels.slice();
    for (let channel = 0; channel < channels; channel++) {
      for (let y = Math.max(top, 0); y < Math.min(top + size, height); y++) {
        const row = (channel * height + y) * width;
        pixels.fill(fill, row + Math.max(left, 0), row + Math.min(left + size, width));
      }
    }
    return { shape: picture.shape, pixels };
  };
}

/** `source` in coordinates that are 0 in the middle of the picture. */
function aboutMiddle(
  picture: Picture,
  fill: number,
  where: string,
  source: (y: number, x: number) => readonly [y: number, x: number],
): Picture {
  const { height, width } = extentsOf(picture, where);
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  return resample(picture, { height, width, fill, where }, (y, x) => {
    const [v, u] = source(y - middleY, x - middleX);
    return [v + middleY, u + middleX];
  });
}

/** A whole number from 0 up to, not including, `end`. */
function wholeBelow(end: number, random: () => number): number {
  return Math.floor(random() * end);
}
