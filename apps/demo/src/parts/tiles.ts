export interface Tiles {
  readonly width: number;
  readonly height: number;
  /** width × height values; NaN between the pictures, where `Picture` shows the ground. */
  readonly values: Float32Array;
}

/** Pictures of one size, one after another in `values`, as one picture: side by side in rows, with a pixel between. */
export function tile(
  values: ArrayLike<number>,
  { count, height, width, columns }: Record<'count' | 'height' | 'width' | 'columns', number>,
): Tiles {
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  const total = { width: across * (width + 1) - 1, height: rows * (height + 1) - 1 };
  const tiled = new Float32Array(total.width * total.height).fill(NaN);
  for (let i = 0; i < count * height * width; i++) {
    const picture = Math.floor(i / (height * width));
    const row = Math.floor(picture / across) * (height + 1) + (Math.floor(i / width) % height);
    const column = (picture % across) * (width + 1) + (i % width);
    tiled[row * total.width + column] = values[i];
  }
  return { ...total, values: tiled };
}
