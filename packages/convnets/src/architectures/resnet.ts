import { DownhillError, pad, relu, slice, type Tensor, type Variable } from '@downhill/tensor';
import { BatchNorm2d, Identity, Linear, Module, Sequential, type ForwardOptions } from '@downhill/layers';
import { Conv2d } from '../convolution.js';
import { globalAveragePool } from '../global-pooling.js';
import { maxPool2d } from '../max-pooling.js';
import type { ArchitectureOptions } from './options.js';

/** Blocks in each of the four stages, by depth: table 1 of the paper. */
const DEPTHS = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
} as const;

/** How many times more channels leave a bottleneck than lie in its middle. */
const EXPANSION = 4;

type Shared = Pick<ArchitectureOptions, 'generator' | 'dtype'>;

interface BlockOptions extends Shared {
  readonly stride: number;
  /** What x goes through beside the block; none in a plain network. */
  readonly shortcut: Module | undefined;
}

/** Two convolutions of 3 × 3 around which x goes as it is, or projected. */
class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Module | undefined;

  constructor(inputs: number, width: number, { stride, shortcut, ...shared }: BlockOptions) {
    super();
    this.conv1 = convolution(inputs, width, 3, stride, shared);
    this.bn1 = new BatchNorm2d(width, { dtype: shared.dtype });
    this.conv2 = convolution(width, width, 3, 1, shared);
    this.bn2 = new BatchNorm2d(width, { dtype: shared.dtype });
    this.downsample = shortcut;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const first = relu(this.bn1.forward(this.conv1.forward(x), options));
    const second = this.bn2.forward(this.conv2.forward(first), options);
    return relu(this.downsample === undefined ? second : second.add(this.downsample.forward(x, options)));
  }
}

/** A convolution of 3 × 3 over few channels, between two of 1 × 1. */
class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Module;

  constructor(
    inputs: number,
    width: number,
    { stride, shortcut = new Identity(), ...shared }: BlockOptions,
    stridedKernel: 1 | 3,
  ) {
    super();
    this.conv1 = convolution(inputs, width, 1, stridedKernel === 1 ? stride : 1, shared);
    this.bn1 = new BatchNorm2d(width, { dtype: shared.dtype });
    this.conv2 = convolution(width, width, 3, stridedKernel === 3 ? stride : 1, shared);
    this.bn2 = new BatchNorm2d(width, { dtype: shared.dtype });
    this.conv3 = convolution(width, width * EXPANSION, 1, 1, shared);
    this.bn3 = new BatchNorm2d(width * EXPANSION, { dtype: shared.dtype });
    this.downsample = shortcut;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const first = relu(this.bn1.forward(this.conv1.forward(x), options));
    const second = relu(this.bn2.forward(this.conv2.forward(first), options));
    const third = this.bn3.forward(this.conv3.forward(second), options);
    return relu(third.add(this.downsample.forward(x, options)));
  }
}

/** A convolution whose bias the batch normalization behind it has. */
function convolution(
  inputs: number,
  outputs: number,
  kernelSize: number,
  stride: number,
  shared: Shared,
): Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(inputs, outputs, { kernelSize, stride, padding, bias: false, ...shared });
}

/** A projection where a block changes the shape, the identity elsewhere: option B of the paper. */
function projection(inputs: number, outputs: number, stride: number, shared: Shared): Module {
  if (stride === 1 && inputs === outputs) return new Identity();
  return new Sequential([
    convolution(inputs, outputs, 1, stride, shared),
    new BatchNorm2d(outputs, { dtype: shared.dtype }),
  ]);
}

/** Every other row and column, and zeros for the channels that are new, without parameters: option A of the paper. */
class PaddedShortcut extends Module {
  constructor(
    readonly added: number,
    readonly stride: number,
  ) {
    super();
  }

  override forward(x: Tensor | Variable): Tensor {
    const { added, stride } = this;
    const kept = slice(
      x,
      undefined,
      undefined,
      [undefined, undefined, stride],
      [undefined, undefined, stride],
    );
    return pad(kept, [
      [0, 0],
      [0, added],
      [0, 0],
      [0, 0],
    ]);
  }
}

/** A residual network for large images: a stem of stride 4, four stages of blocks, the mean of each channel, the scores. */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Module;
  readonly layer2: Module;
  readonly layer3: Module;
  readonly layer4: Module;
  readonly fc: Linear;

  /** Made by {@link resnet}: `block` makes a block from the channels that come in, its width and its stride. */
  constructor(
    blocks: readonly number[],
    {
      expansion,
      block,
    }: { expansion: number; block: (inputs: number, width: number, stride: number) => Module },
    { channels = 3, classes = 1000, ...shared }: ArchitectureOptions,
  ) {
    super();
    this.conv1 = new Conv2d(channels, 64, { kernelSize: 7, stride: 2, padding: 3, bias: false, ...shared });
    this.bn1 = new BatchNorm2d(64, { dtype: shared.dtype });
    const stage = (inputs: number, width: number, count: number, stride: number): Module =>
      new Sequential(
        Array.from({ length: count }, (_, i) =>
          i === 0 ? block(inputs, width, stride) : block(width * expansion, width, 1),
        ),
      );
    this.layer1 = stage(64, 64, blocks[0], 1);
    this.layer2 = stage(64 * expansion, 128, blocks[1], 2);
    this.layer3 = stage(128 * expansion, 256, blocks[2], 2);
    this.layer4 = stage(256 * expansion, 512, blocks[3], 2);
    this.fc = new Linear(512 * expansion, classes, shared);
  }

  /** x is [N, channels, H, W], of any size, though the stages divide it by 32. */
  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const stem = relu(this.bn1.forward(this.conv1.forward(x), options));
    const pooled = maxPool2d(stem, { kernelSize: 3, stride: 2, padding: 1 });
    const stages = [this.layer1, this.layer2, this.layer3, this.layer4];
    const features = stages.reduce((value, stage) => stage.forward(value, options), pooled);
    return this.fc.forward(globalAveragePool(features));
  }
}

export interface ResNetOptions extends ArchitectureOptions {
  /**
   * Which convolution of a bottleneck skips places where a stage begins: the first of 1 × 1, as in the paper (the
   * default), or that of 3 × 3, as in torchvision, whose weights want it. The parameters are the same.
   */
  readonly stridedKernel?: 1 | 3;
}

/**
 * A residual network of 18, 34 (blocks of two convolutions), 50, 101 or 152 (bottlenecks) layers: 11,689,512, 21,797,672,
 * 25,557,032, 44,549,160 and 60,192,808 parameters with 1000 classes and 3 channels, the defaults. State is named as
 * torchvision names it (but `runningMean` and `runningVariance`). He, Zhang, Ren & Sun (2016), table 1, option B.
 */
export function resnet(
  depth: keyof typeof DEPTHS,
  { stridedKernel = 1, ...options }: ResNetOptions = {},
): ResNet {
  if (!Object.hasOwn(DEPTHS, depth)) {
    throw new DownhillError(
      `resnet: expected a depth of ${Object.keys(DEPTHS).join(', ')}, got ${String(depth)}`,
    );
  }
  const { generator, dtype } = options;
  const shared = { generator, dtype };
  const basic = depth < 50;
  const expansion = basic ? 1 : EXPANSION;
  const block = (inputs: number, width: number, stride: number): Module => {
    const shortcut = projection(inputs, width * expansion, stride, shared);
    return basic
      ? new BasicBlock(inputs, width, { stride, shortcut, ...shared })
      : new Bottleneck(inputs, width, { stride, shortcut, ...shared }, stridedKernel);
  };
  return new ResNet(DEPTHS[depth], { expansion, block }, options);
}

export interface SmallResNetOptions extends ArchitectureOptions {
  /** Channels of the first stage; 16 by default. They double with each of the other two. */
  readonly width?: number;
  /** Stride of the first convolution; 1 by default. With 2 all that follows has a quarter of the work. */
  readonly stride?: number;
  /** Whether x goes around the blocks; true by default. Without, it is the plain network of as many parameters. */
  readonly shortcuts?: boolean;
}

/** A residual network for small images: three stages of blocks, whose shortcuts have no parameters. */
export class SmallResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Module;
  readonly layer2: Module;
  readonly layer3: Module;
  readonly fc: Linear;

  /** Made by {@link smallResnet}: `blocks` in each stage. */
  constructor(
    blocks: number,
    {
      channels = 3,
      classes = 10,
      width = 16,
      stride: stemStride = 1,
      shortcuts = true,
      ...shared
    }: SmallResNetOptions,
  ) {
    super();
    this.conv1 = convolution(channels, width, 3, stemStride, shared);
    this.bn1 = new BatchNorm2d(width, { dtype: shared.dtype });
    const stage = (inputs: number, outputs: number): Module =>
      new Sequential(
        Array.from({ length: blocks }, (_, i) => {
          const changes = i === 0 && inputs !== outputs;
          const stride = changes ? 2 : 1;
          const shortcut = changes ? new PaddedShortcut(outputs - inputs, stride) : new Identity();
          return new BasicBlock(i === 0 ? inputs : outputs, outputs, {
            stride,
            shortcut: shortcuts ? shortcut : undefined,
            ...shared,
          });
        }),
      );
    this.layer1 = stage(width, width);
    this.layer2 = stage(width, 2 * width);
    this.layer3 = stage(2 * width, 4 * width);
    this.fc = new Linear(4 * width, classes, shared);
  }

  /** x is [N, channels, H, W], of any size. */
  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const stem = relu(this.bn1.forward(this.conv1.forward(x), options));
    const stages = [this.layer1, this.layer2, this.layer3];
    const features = stages.reduce((value, stage) => stage.forward(value, options), stem);
    return this.fc.forward(globalAveragePool(features));
  }
}

/**
 * The residual network for small images of 6 n + 2 layers (20, 32, 44, 56, 110, ...), or with `shortcuts: false` the plain one
 * it is compared with: for three channels and ten classes 269,722 parameters at depth 20, 853,018 at 56. He, Zhang, Ren & Sun
 * (2016), section 4.2.
 */
export function smallResnet(depth: number, options: SmallResNetOptions = {}): SmallResNet {
  const blocks = (depth - 2) / 6;
  if (!(Number.isInteger(blocks) && blocks >= 1)) {
    throw new DownhillError(`smallResnet: expected a depth of 6 n + 2 (8, 14, 20, ..., 56), got ${depth}`);
  }
  return new SmallResNet(blocks, options);
}
