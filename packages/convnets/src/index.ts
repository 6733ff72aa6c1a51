export {
  conv1d,
  Conv1d,
  conv2d,
  Conv2d,
  conv3d,
  Conv3d,
  type ConvolutionModuleOptions,
  type ConvolutionOptions,
} from './convolution.js';
export {
  convTranspose1d,
  ConvTranspose1d,
  convTranspose2d,
  ConvTranspose2d,
  convTranspose3d,
  ConvTranspose3d,
  type TransposedConvolutionModuleOptions,
  type TransposedConvolutionOptions,
} from './transposed-convolution.js';
export {
  maxPool1d,
  MaxPool1d,
  maxPool2d,
  MaxPool2d,
  maxPool3d,
  MaxPool3d,
  type MaxPoolOptions,
} from './max-pooling.js';
export {
  averagePool1d,
  AveragePool1d,
  averagePool2d,
  AveragePool2d,
  averagePool3d,
  AveragePool3d,
  type AveragePoolOptions,
} from './average-pooling.js';
export {
  lpPool1d,
  LpPool1d,
  lpPool2d,
  LpPool2d,
  lpPool3d,
  LpPool3d,
  type LpPoolOptions,
} from './lp-pooling.js';
export {
  adaptiveAveragePool,
  AdaptiveAveragePool,
  adaptiveMaxPool,
  AdaptiveMaxPool,
  type AdaptivePoolOptions,
} from './adaptive-pooling.js';
export { globalAveragePool, GlobalAveragePool, globalMaxPool, GlobalMaxPool } from './global-pooling.js';
export {
  localResponseNormalization,
  LocalResponseNormalization,
  type LocalResponseNormalizationOptions,
} from './local-response-normalization.js';
export { upsample, Upsample, type UpsampleOptions } from './upsampling.js';
export { pixelShuffle, PixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
export { type Padding, type PerAxis, type SlidingOptions } from './sliding.js';
export { type PoolOptions } from './pooling.js';
export { lenet5 } from './architectures/lenet5.js';
export { originalLenet5, type OriginalLenet5Options } from './architectures/original-lenet5.js';
export { alexnet, smallAlexnet } from './architectures/alexnet.js';
export { smallZfnet, zfnet } from './architectures/zfnet.js';
export { smallVgg, vgg, type SmallVggOptions, type VggOptions } from './architectures/vgg.js';
export { GoogLeNet, googlenet, smallGooglenet, type GoogLeNetOptions } from './architectures/googlenet.js';
export {
  ResNet,
  resnet,
  SmallResNet,
  smallResnet,
  type ResNetOptions,
  type SmallResNetOptions,
} from './architectures/resnet.js';
export { convnetjsCifar } from './architectures/convnetjs-cifar.js';
export { ImageClassifier } from './architectures/image-classifier.js';
export { type ArchitectureOptions } from './architectures/options.js';
