import { einsum, foldWindows, formatShape, pad, reshape, ShapeError, slice } from '@downhill/tensor';
import type { Range, Tensor, Variable } from '@downhill/tensor';
import {
  alongChannels,
  checkBias,
  checkGroups,
  KernelModule,
  type ConvolutionModuleOptions,
  type ConvolutionOptions,
} from './convolution.js';
import { AXES, checkImages, perAxis, type PerAxis } from './sliding.js';

export interface TransposedConvolutionOptions extends Omit<ConvolutionOptions, 'padding'> {
  /** What the convolution it undoes pads on both sides, which is cut off here; 0 by default. */
  readonly padding?: PerAxis;
  /** Elements added behind each axis: which of the sizes that convolution makes equal is meant; 0 by default. */
  readonly outputPadding?: PerAxis;
}

/** {@link convTranspose2d} of signals: x [N, C, W], weight [C, out / groups, KW]. */
export function convTranspose1d(
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options?: TransposedConvolutionOptions,
): Tensor {
  return convolveTransposed('convTranspose1d', 1, x, weight, options);
}

/**
 * The adjoint of `conv2d` with the same weight and options: each element of x adds its multiple of the kernel to the
 * output, `stride` apart. It makes images larger: an extent becomes
 * (extent − 1)·stride − 2·padding + (kernel − 1)·dilation + 1 + outputPadding.
 *
 * @param x images, [N, C, H, W]
 * @param weight kernels, [C, out / groups, KH, KW]: the first axis is what comes in
 * @returns [N, out, OH, OW]
 */
export function convTranspose2d(
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options?: TransposedConvolutionOptions,
): Tensor {
  return convolveTransposed('convTranspose2d', 2, x, weight, options);
}

/** {@link convTranspose2d} of volumes: x [N, C, D, H, W], weight [C, out / groups, KD, KH, KW]. */
export function convTranspose3d(
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options?: TransposedConvolutionOptions,
): Tensor {
  return convolveTransposed('convTranspose3d', 3, x, weight, options);
}

function convolveTransposed(
  where: string,
  spatial: number,
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options: TransposedConvolutionOptions = {},
): Tensor {
  checkImages(where, x, spatial);
  const { bias, groups = 1 } = options;
  const stride = perAxis(where, 'stride', options.stride ?? 1, spatial, 1);
  const dilation = perAxis(where, 'dilation', options.dilation ?? 1, spatial, 1);
  const padding = perAxis(where, 'padding', options.padding ?? 0, spatial, 0);
  const added = perAxis(where, 'outputPadding', options.outputPadding ?? 0, spatial, 0);
  const [count, channels, ...extents] = x.shape;
  const [inputs, perGroup, ...size] = weight.shape;
  const outputs = perGroup * groups;
  if (weight.rank !== spatial + 2 || inputs !== channels) {
    throw new ShapeError(
      `${where}: expected weight [${channels}, out / groups, ${AXES.slice(-spatial).join(', ')}] for x of ` +
        `${formatShape(x.shape)}, got ${formatShape(weight.shape)}`,
    );
  }
  checkGroups(where, groups, channels, outputs);
  if (bias !== undefined) checkBias(where, bias, outputs);
  const reached = extents.map(
    (extent, axis) => (extent - 1) * stride[axis] + (size[axis] - 1) * dilation[axis] + 1,
  );
  const result = reached.map((extent, axis) => extent - 2 * padding[axis] + added[axis]);
  if (added.some((width, axis) => width >= Math.max(stride[axis], dilation[axis]))) {
    throw new ShapeError(
      `${where}: outputPadding must be less than stride or dilation, got ${formatShape(added)} for stride ` +
        `${formatShape(stride)} and dilation ${formatShape(dilation)}`,
    );
  }
  if (result.some((extent) => extent < 1)) {
    throw new ShapeError(
      `${where}: padding ${formatShape(padding)} cuts off all of ${formatShape(reached)}; use less padding`,
    );
  }
  const [places, kernel] = ['xyz'.slice(0, spatial), 'ijk'.slice(0, spatial)];
  // One group needs no axis of its own.
  const [g, split] = groups === 1 ? ['', []] : ['g', [groups]];
  const product = einsum(
    `n${g}c${places},${g}co${kernel}->n${g}o${places}${kernel}`,
    reshape(x, [count, ...split, channels / groups, ...extents]),
    reshape(weight, [...split, channels / groups, perGroup, ...size]),
  );
  const outer = [count, ...split, perGroup];
  const axes = extents.map((_, axis) => outer.length + axis);
  const folded = foldWindows(product, [...outer, ...reached], { axes, size, stride, dilation });
  const images = pad(reshape(folded, [count, outputs, ...reached]), [
    [0, 0],
    [0, 0],
    ...added.map((width): [number, number] => [0, width]),
  ]);
  const kept = result.map((extent, axis): Range => [padding[axis], padding[axis] + extent]);
  const cropped = slice(images, undefined, undefined, ...kept);
  return bias === undefined ? cropped : cropped.add(alongChannels(bias, spatial));
}

export interface TransposedConvolutionModuleOptions extends Omit<ConvolutionModuleOptions, 'padding'> {
  /** See {@link TransposedConvolutionOptions.padding}. */
  readonly padding?: PerAxis;
  /** See {@link TransposedConvolutionOptions.outputPadding}. */
  readonly outputPadding?: PerAxis;
}

/** What the transposed convolutions of 1, 2 and 3 dimensions share. */
abstract class TransposedConvolution extends KernelModule {
  readonly options: Required<Omit<TransposedConvolutionOptions, 'bias'>>;

  constructor(
    where: string,
    spatial: number,
    inputs: number,
    outputs: number,
    options: TransposedConvolutionModuleOptions,
  ) {
    super(where, spatial, inputs, outputs, options, { transposed: true });
    const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
    this.options = { stride, padding, outputPadding, dilation, groups };
  }

  override forward(x: Tensor | Variable): Tensor {
    this.check(x);
    return convolveTransposed(this.where, this.spatial, x, this.weight, { ...this.options, bias: this.bias });
  }
}

/** {@link convTranspose1d} with a weight and a bias of its own. */
export class ConvTranspose1d extends TransposedConvolution {
  constructor(inputs: number, outputs: number, options: TransposedConvolutionModuleOptions) {
    super('ConvTranspose1d', 1, inputs, outputs, options);
  }
}

/** {@link convTranspose2d} with a weight and a bias of its own. */
export class ConvTranspose2d extends TransposedConvolution {
  constructor(inputs: number, outputs: number, options: TransposedConvolutionModuleOptions) {
    super('ConvTranspose2d', 2, inputs, outputs, options);
  }
}

/** {@link convTranspose3d} with a weight and a bias of its own. */
export class ConvTranspose3d extends TransposedConvolution {
  constructor(inputs: number, outputs: number, options: TransposedConvolutionModuleOptions) {
    super('ConvTranspose3d', 3, inputs, outputs, options);
  }
}
