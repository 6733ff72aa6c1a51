export { gradients, type GradientOptions } from './gradients.js';
export { grad, valueAndGrad, type Differentiable } from './grad.js';
export { hvp, jvp, vjp, type TensorFunction } from './products.js';
export { hessian, jacobian } from './matrices.js';
export { customGradient, type CustomGradientContext } from './custom-gradient.js';
export { stopGradient } from '@downhill/tensor';
export { GradientError } from './errors.js';
