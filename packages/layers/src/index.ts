export { isModule, Module, type ForwardOptions, type LoadOptions, type LoadReport } from './module.js';
export { ModuleList } from './module-list.js';
export { Sequential } from './sequential.js';
export { Parallel } from './parallel.js';
export { Concatenate, type ConcatenateOptions } from './concatenate.js';
export { Residual, type ResidualOptions } from './residual.js';
export { Identity } from './identity.js';
export { Flatten } from './flatten.js';
export { Linear, type LinearOptions } from './linear.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from './batch-norm.js';
export { ReLU, Sigmoid, Softplus, Tanh } from './activations.js';
export { leakyRelu, LeakyReLU, type LeakyReLUOptions } from './leaky-relu.js';
export { logSoftmax, softmax, Softmax, type SoftmaxOptions } from './softmax.js';
export { crossEntropy } from './cross-entropy.js';
export { meanSquaredError } from './mean-squared-error.js';
export {
  heNormal,
  heUniform,
  xavierNormal,
  xavierUniform,
  type Initializer,
  type InitializerOptions,
} from './initializers.js';
