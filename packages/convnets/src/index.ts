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
export { type Padding, type PerAxis, type SlidingOptions } from './sliding.js';
export { type PoolOptions } from './pooling.js';
