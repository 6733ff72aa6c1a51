import { DownhillError } from '@downhill/tensor';
import { BatchNorm2d, ReLU, Sequential, type Module } from '@downhill/layers';
import { AdaptiveAveragePool } from '../adaptive-pooling.js';
import { Conv2d } from '../convolution.js';
import { MaxPool2d } from '../max-pooling.js';
import { denseLayers } from './alexnet.js';
import { ImageClassifier } from './image-classifier.js';
import type { ArchitectureOptions } from './options.js';

/** Convolutions in each of the five stages, by the number of layers with weights: table 1, columns A, B, D and E. */
const DEPTHS = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const;

export interface VggOptions extends ArchitectureOptions {
  /** Whether each convolution is followed by batch normalization, which the paper did not have yet. */
  readonly batchNorm?: boolean;
}

/**
 * VGG of 11, 13, 16 (138,357,544 parameters) or 19 layers: kernels of 3 only, channels that double where images halve.
 * Images of 224 × 224, 1000 classes, no batch normalization by default. State is named as torchvision names it. Simonyan &
 * Zisserman (2015), table 1.
 */
export function vgg(
  depth: keyof typeof DEPTHS,
  { channels = 3, classes = 1000, batchNorm = false, ...shared }: VggOptions = {},
): ImageClassifier {
  if (!Object.hasOwn(DEPTHS, depth)) {
    throw new DownhillError(
      `vgg: expected a depth of ${Object.keys(DEPTHS).join(', ')}, got ${String(depth)}`,
    );
  }
  const features = stages(channels, [64, 128, 256, 512, 512], DEPTHS[depth], batchNorm, shared);
  return new ImageClassifier(new Sequential(features), denseLayers(512 * 7 * 7, 4096, classes, shared));
}

export interface SmallVggOptions extends VggOptions {
  /** Channels of the first stage; 32 by default. They double with each of the other two. */
  readonly width?: number;
}

/**
 * {@link vgg} for images of about 24 × 24 to 48 × 48 and ten classes: three stages of two convolutions, with batch
 * normalization by default.
 */
export function smallVgg({
  channels = 3,
  classes = 10,
  width = 32,
  batchNorm = true,
  ...shared
}: SmallVggOptions = {}): ImageClassifier {
  const features = new Sequential([
    ...stages(channels, [width, 2 * width, 4 * width], [2, 2, 2], batchNorm, shared),
    new AdaptiveAveragePool({ outputSize: 3 }),
  ]);
  return new ImageClassifier(features, denseLayers(4 * width * 3 * 3, 128, classes, shared));
}

/** Stages of convolutions, each ended by pooling. */
function stages(
  channels: number,
  widths: readonly number[],
  depths: readonly number[],
  batchNorm: boolean,
  shared: Pick<ArchitectureOptions, 'generator' | 'dtype'>,
): Module[] {
  return widths.flatMap((width, stage) => [
    ...Array.from({ length: depths[stage] }, (_, i) => {
      const inputs = i > 0 ? width : stage > 0 ? widths[stage - 1] : channels;
      const convolution = new Conv2d(inputs, width, { kernelSize: 3, padding: 1, ...shared });
      return batchNorm
        ? [convolution, new BatchNorm2d(width, { dtype: shared.dtype }), new ReLU()]
        : [convolution, new ReLU()];
    }).flat(),
    new MaxPool2d({ kernelSize: 2 }),
  ]);
}
