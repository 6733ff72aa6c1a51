export { isModule, Module, type ForwardOptions } from './module.js';
export { Sequential } from './sequential.js';
export { Linear, type LinearOptions } from './linear.js';
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
