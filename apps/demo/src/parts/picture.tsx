import { useEffect, useRef } from 'preact/hooks';

export interface PictureProps {
  /** What it shows, in words. */
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** width × height values, row by row; where one is NaN the picture is transparent. */
  readonly values: ArrayLike<number>;
  /** The value that is black, and the one that is white; -`limit` to `limit` in blue, white and orange where one is given. */
  readonly range?: readonly [number, number];
  /** Both signs: -limit is blue, 0 white, limit orange. */
  readonly limit?: number;
  /** Pixels of the page for one of the picture; 3 by default. */
  readonly zoom?: number;
}

/** A grey picture, or one of signed values, enlarged without smoothing. */
export function Picture({ label, width, height, values, range = [0, 1], limit, zoom = 3 }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) return;
    const image = context.createImageData(width, height);
    const [low, high] = range;
    for (let i = 0; i < width * height; i++) {
      const rgb = limit === undefined ? grey((values[i] - low) / (high - low)) : signed(values[i] / limit);
      image.data.set(rgb, 4 * i);
      image.data[4 * i + 3] = Number.isNaN(values[i]) ? 0 : 255;
    }
    context.putImageData(image, 0, 0);
  }, [values, width, height, range[0], range[1], limit]);
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      title={label}
      width={width}
      height={height}
      style={{ width: `${width * zoom}px`, aspectRatio: `${width} / ${height}`, imageRendering: 'pixelated' }}
    />
  );
}

function grey(share: number): [number, number, number] {
  const level = 255 * Math.min(1, Math.max(0, share));
  return [level, level, level];
}

/** The colours at the ends are two that colour-blind eyes tell apart too. */
const NEGATIVE = [0, 114, 178];
const POSITIVE = [213, 94, 0];

function signed(share: number): number[] {
  const strength = Math.min(1, Math.abs(share));
  return (share < 0 ? NEGATIVE : POSITIVE).map((channel) => 255 + (channel - 255) * strength);
}
