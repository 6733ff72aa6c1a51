import { einsum, formatShape, reshape, ShapeError, sizeOf, variable, zeros } from '@downhill/tensor';
import type { DType, Generator, Tensor, Variable } from '@downhill/tensor';
import { heUniform, Module, type Initializer } from '@downhill/layers';
import { AXES, checkImages, perAxis, slidingOver, windowsOf, type Padding, type PerAxis } from './sliding.js';

export interface ConvolutionOptions {
  /** [out], added to each output channel; none by default. */
  readonly bias?: Tensor | Variable;
  /** Elements between neighbouring places of the kernel; 1 by default. */
  readonly stride?: PerAxis;
  /** Zeros around the input: a number, one for each spatial axis, 'same' or 'valid'; 0 by default. */
  readonly padding?: Padding;
  /** Elements of the input between neighbouring elements of the kernel; 1 by default. */
  readonly dilation?: PerAxis;
  /** How many parts the channels fall into, each seen by its own part of the outputs; 1 by default. */
  readonly groups?: number;
}

/** {@link conv2d} of signals: x [N, C, W], weight [out, C / groups, KW]. */
export function conv1d(
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options?: ConvolutionOptions,
): Tensor {
  return convolve('conv1d', 1, x, weight, options);
}

/**
 * The cross-correlation of images with kernels: output [n, o, y, x] is the sum over channels c and places i, j in the
 * kernel of x[n, c, y·stride + i·dilation − padding, ...] · weight[o, c, i, j], plus bias[o]. The windows are a view of x: it
 * is a sum of products, like a matrix product, and its derivative is derived as theirs is.
 *
 * The output has ⌊(extent + 2·padding − (kernel − 1)·dilation − 1) / stride⌋ + 1 elements along each spatial axis. With
 * `groups` equal to the channels it is a depthwise convolution.
 *
 * @param x images, [N, C, H, W]
 * @param weight kernels, [out, C / groups, KH, KW]
 * @returns [N, out, OH, OW]; a kernel larger than the padded input, or groups that do not divide, are a ShapeError
 */
export function conv2d(
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options?: ConvolutionOptions,
): Tensor {
  return convolve('conv2d', 2, x, weight, options);
}

/** {@link conv2d} of volumes: x [N, C, D, H, W], weight [out, C / groups, KD, KH, KW]. */
export function conv3d(
  x: Tensor | Variable,
  weight: Tensor | Variable,
  options?: ConvolutionOptions,
): Tensor {
  return convolve('conv3d', 3, x, weight, options);
}

function convolve(
  where: string,
  spatial: number,
  x: Tensor | Variable,
  weight: Tensor | Variable,
  { bias, stride, padding, dilation, groups = 1 }: ConvolutionOptions = {},
): Tensor {
  checkImages(where, x, spatial);
  const [count, channels, ...extents] = x.shape;
  const [outputs, perGroup, ...kernelSize] = weight.shape;
  checkGroups(where, groups, channels, outputs);
  if (weight.rank !== spatial + 2 || perGroup * groups !== channels) {
    throw new ShapeError(
      `${where}: expected weight [out, ${channels / groups}, ${AXES.slice(-spatial).join(', ')}] for x of ` +
        `${formatShape(x.shape)} in ${groups} group${groups === 1 ? '' : 's'}, got ${formatShape(weight.shape)}`,
    );
  }
  if (bias !== undefined) checkBias(where, bias, outputs);
  const sliding = slidingOver(where, extents, { kernelSize, stride, padding, dilation });
  const [places, kernel] = ['xyz'.slice(0, spatial), 'ijk'.slice(0, spatial)];
  // One group needs no axis of its own.
  const [g, split] = groups === 1 ? ['', []] : ['g', [groups]];
  const images = reshape(x, [count, ...split, perGroup, ...extents]);
  const kernels = reshape(weight, [...split, outputs / groups, perGroup, ...kernelSize]);
  const product = einsum(
    `n${g}c${places}${kernel},${g}oc${kernel}->n${g}o${places}`,
    windowsOf(images, sliding),
    kernels,
  );
  const result = reshape(product, [count, outputs, ...product.shape.slice(-spatial)]);
  return bias === undefined ? result : result.add(alongChannels(bias, spatial));
}

/** A bias [channels], as it is added to [N, channels, ...]. */
export function alongChannels(bias: Tensor | Variable, spatial: number): Tensor {
  return reshape(bias, [bias.size, ...new Array<number>(spatial).fill(1)]);
}

/** Throws unless `groups` divides both counts of channels. */
export function checkGroups(where: string, groups: number, inputs: number, outputs: number): void {
  if (Number.isInteger(groups) && groups >= 1 && inputs % groups === 0 && outputs % groups === 0) return;
  throw new ShapeError(
    `${where}: groups must divide the input channels and the output channels, got ${groups} groups ` +
      `of ${inputs} and ${outputs}`,
  );
}

/** Throws unless there is one bias for each output channel. */
export function checkBias(where: string, bias: Tensor | Variable, outputs: number): void {
  if (bias.rank === 1 && bias.size === outputs) return;
  throw new ShapeError(
    `${where}: expected bias [${outputs}], one for each output channel, got ${formatShape(bias.shape)}`,
  );
}

export interface ConvolutionModuleOptions extends Omit<ConvolutionOptions, 'bias'> {
  /** Elements of the kernel along each spatial axis. */
  readonly kernelSize: PerAxis;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
  /** Where the weight starts; `heUniform` by default, right for the ReLU that mostly follows. A bias starts at 0. */
  readonly initializer?: Initializer;
  /** What the initializer draws from; the default generator unless given. */
  readonly generator?: Generator;
  /** float32 by default. */
  readonly dtype?: DType;
}

/** What the modules of convolutions and of transposed ones share: kernels, perhaps a bias, and what they are checked for. */
export abstract class KernelModule extends Module {
  /** [outputs, inputs / groups, ...kernelSize]; of a transposed one [inputs, outputs / groups, ...kernelSize]. */
  readonly weight: Variable;
  /** [outputs]. */
  readonly bias: Variable | undefined;

  constructor(
    protected readonly where: string,
    protected readonly spatial: number,
    readonly inputs: number,
    readonly outputs: number,
    {
      kernelSize,
      stride = 1,
      groups = 1,
      bias = true,
      initializer = heUniform,
      generator,
      dtype = 'float32',
    }: Omit<ConvolutionModuleOptions, 'padding'>,
    { transposed }: { readonly transposed: boolean },
  ) {
    super();
    if (![inputs, outputs].every((count) => Number.isInteger(count) && count >= 1)) {
      throw new ShapeError(
        `${where}: expected whole numbers of input and output channels of at least 1, got ${inputs} and ${outputs}`,
      );
    }
    checkGroups(where, groups, inputs, outputs);
    const size = perAxis(where, 'kernelSize', kernelSize, spatial, 1);
    const steps = perAxis(where, 'stride', stride, spatial, 1);
    const [fromEach, toEach] = [inputs / groups, outputs / groups];
    const places = sizeOf(size);
    // Of the kernels of a transposed one, which lie `stride` apart, so many cover an element of the output.
    const covering = size.reduce((product, extent, axis) => product * Math.max(1, extent / steps[axis]), 1);
    const start = initializer(transposed ? [inputs, toEach, ...size] : [outputs, fromEach, ...size], {
      fanIn: fromEach * (transposed ? covering : places),
      fanOut: toEach * places,
      generator,
      dtype,
    });
    this.weight = variable(start, { name: 'weight' });
    this.bias = bias ? variable(zeros([outputs], { dtype }), { name: 'bias' }) : undefined;
  }

  /** Throws unless x is a batch of images with as many channels as the module takes. */
  protected check(x: Tensor | Variable): void {
    const { where, spatial, inputs, outputs } = this;
    checkImages(`${where}(${inputs}, ${outputs})`, x, spatial);
    if (x.shape[1] === inputs) return;
    throw new ShapeError(
      `${where}(${inputs}, ${outputs}): expected x [N, ${inputs}, ${AXES.slice(-spatial).join(', ')}], got ` +
        `${formatShape(x.shape)}: axis 1 must be the ${inputs} channels`,
    );
  }
}

/** What the convolutions of 1, 2 and 3 dimensions share. */
abstract class Convolution extends KernelModule {
  readonly options: Required<Pick<ConvolutionOptions, 'stride' | 'padding' | 'dilation' | 'groups'>>;

  constructor(
    where: string,
    spatial: number,
    inputs: number,
    outputs: number,
    options: ConvolutionModuleOptions,
  ) {
    super(where, spatial, inputs, outputs, options, { transposed: false });
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    this.options = { stride, padding, dilation, groups };
  }

  override forward(x: Tensor | Variable): Tensor {
    this.check(x);
    return convolve(this.where, this.spatial, x, this.weight, { ...this.options, bias: this.bias });
  }
}

/** {@link conv1d} with a weight and a bias of its own: `new Conv1d(inputs, outputs, { kernelSize })`. */
export class Conv1d extends Convolution {
  constructor(inputs: number, outputs: number, options: ConvolutionModuleOptions) {
    super('Conv1d', 1, inputs, outputs, options);
  }
}

/** {@link conv2d} with a weight and a bias of its own: `new Conv2d(inputs, outputs, { kernelSize })`. */
export class Conv2d extends Convolution {
  constructor(inputs: number, outputs: number, options: ConvolutionModuleOptions) {
    super('Conv2d', 2, inputs, outputs, options);
  }
}

/** {@link conv3d} with a weight and a bias of its own: `new Conv3d(inputs, outputs, { kernelSize })`. */
export class Conv3d extends Convolution {
  constructor(inputs: number, outputs: number, options: ConvolutionModuleOptions) {
    super('Conv3d', 3, inputs, outputs, options);
  }
}
