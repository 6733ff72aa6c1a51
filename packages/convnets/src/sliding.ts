import { formatShape, pad, ShapeError, windows, type Tensor } from '@downhill/tensor';

/** A whole number for all spatial axes, or one for each, outermost first. */
export type PerAxis = number | readonly number[];

/**
 * What surrounds the spatial axes: that many elements on both sides, `'valid'` for none, or `'same'` for as many as it takes
 * for ⌈extent / stride⌉ outputs, the odd one behind.
 */
export type Padding = PerAxis | 'same' | 'valid';

export interface SlidingOptions {
  /** Elements in a window along each spatial axis. */
  readonly kernelSize: PerAxis;
  /** Elements between the starts of neighbouring windows; 1 by default. */
  readonly stride?: PerAxis;
  /** 0 by default. */
  readonly padding?: Padding;
  /** Elements between neighbours in a window; 1 by default. */
  readonly dilation?: PerAxis;
  /** Whether a last window may reach over the end, instead of being left out; false by default. */
  readonly ceilMode?: boolean;
}

/** How windows lie over spatial extents, everything worked out and checked. */
export interface Sliding {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** What the caller asked for on both sides, or what 'same' came to. */
  readonly padding: readonly (readonly [before: number, after: number])[];
  /** How far behind the padding the last window of `ceilMode` reaches. */
  readonly overhang: readonly number[];
}

/** A whole number for each of `count` axes, each at least `least`, or a ShapeError that names the option. */
export function perAxis(where: string, name: string, given: PerAxis, count: number, least: number): number[] {
  const list = typeof given === 'number' ? new Array<number>(count).fill(given) : [...given];
  if (list.length !== count || !list.every((value) => Number.isInteger(value) && value >= least)) {
    throw new ShapeError(
      `${where}: ${name} must be a whole number of at least ${least}` +
        (count > 1 ? `, or one for each of the ${count} spatial axes` : '') +
        `, got ${typeof given === 'number' ? given : formatShape(given)}`,
    );
  }
  return list;
}

/** Works out how windows lie over the spatial `extents`; a window that does not fit is a ShapeError. */
export function slidingOver(where: string, extents: readonly number[], options: SlidingOptions): Sliding {
  const { kernelSize, stride: steps = 1, dilation: gaps = 1, ceilMode = false } = options;
  const count = extents.length;
  const size = perAxis(where, 'kernelSize', kernelSize, count, 1);
  const stride = perAxis(where, 'stride', steps, count, 1);
  const dilation = perAxis(where, 'dilation', gaps, count, 1);
  const reach = size.map((length, axis) => (length - 1) * dilation[axis] + 1);
  const padding = paddingOf(where, options.padding ?? 0, extents, reach, stride);
  const overhang = extents.map((extent, axis) => {
    const [before, after] = padding[axis];
    const room = before + extent + after - reach[axis];
    if (room < 0) {
      throw new ShapeError(
        `${where}: a kernel reaching over ${formatShape(reach)} does not fit the input of ${formatShape(extents)}` +
          (padding.some(([a, b]) => a + b > 0)
            ? ` with padding ${padding.map(formatShape).join(', ')}`
            : '') +
          '; use a smaller kernel, more padding or a larger input',
      );
    }
    if (!ceilMode) return 0;
    const last = Math.ceil(room / stride[axis]) * stride[axis];
    // A window that would begin behind the input sees none of it.
    return last >= before + extent ? 0 : last - room;
  });
  return { size, stride, dilation, padding, overhang };
}

function paddingOf(
  where: string,
  padding: Padding,
  extents: readonly number[],
  reach: readonly number[],
  stride: readonly number[],
): [number, number][] {
  if (padding === 'same') {
    return extents.map((extent, axis) => {
      const outputs = Math.ceil(extent / stride[axis]);
      const total = Math.max(0, (outputs - 1) * stride[axis] + reach[axis] - extent);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  }
  if (typeof padding === 'string' && padding !== 'valid') {
    throw new ShapeError(
      `${where}: padding is a number, one an axis, 'same' or 'valid', got '${String(padding)}'`,
    );
  }
  const widths = perAxis(where, 'padding', padding === 'valid' ? 0 : padding, extents.length, 0);
  return widths.map((width) => [width, width]);
}

/**
 * The windows of x over its last axes, as a view: [..., H, W] gives [..., OH, OW, KH, KW]. What lies around x is `value`, 0
 * by default.
 */
export function windowsOf(
  x: Tensor,
  { size, stride, dilation, padding, overhang }: Sliding,
  value = 0,
): Tensor {
  const widths = padding.map(([before, after], axis): [number, number] => [before, after + overhang[axis]]);
  const axes = size.map((_, axis) => axis - size.length);
  return windows(surround(x, widths, value), { axes, size, stride, dilation });
}

/** x with `value` around its last axes. */
export function surround(
  x: Tensor,
  widths: readonly (readonly [before: number, after: number])[],
  value: number,
): Tensor {
  if (widths.flat().every((width) => width === 0)) return x;
  const outer = new Array<[number, number]>(x.rank - widths.length).fill([0, 0]);
  return pad(x, [...outer, ...widths], { value });
}

/** Axes of {@link windowsOf} that lie within a window: the last ones. */
export function axesWithin({ size }: Sliding): number[] {
  return size.map((_, axis) => axis - size.length);
}

/** Throws unless x is a batch of images (signals, volumes) with `count` spatial axes, with something in them. */
export function checkImages(where: string, x: { readonly shape: readonly number[] }, count: number): void {
  if (x.shape.length === count + 2 && x.shape.slice(1).every((extent) => extent > 0)) return;
  throw new ShapeError(
    `${where}: expected x [N, channels, ${AXES.slice(-count).join(', ')}], got ${formatShape(x.shape)}` +
      (x.shape.length === count + 1 ? '; add the axis of examples with unsqueeze(x, 0)' : ''),
  );
}

/** The spatial axes as errors call them; images have the last two, signals the last. */
export const AXES = ['depth', 'height', 'width'];
