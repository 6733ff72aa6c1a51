export {
  defineOptimizer,
  type Optimizer,
  type OptimizerFactory,
  type OptimizerState,
  type RuleState,
  type UpdateInput,
  type UpdateRule,
} from './define-optimizer.js';
export { sgd } from './sgd.js';
export { momentum } from './momentum.js';
export { nesterov } from './nesterov.js';
export { adagrad } from './adagrad.js';
export { adadelta } from './adadelta.js';
export { rmsprop } from './rmsprop.js';
export { adam } from './adam.js';
export { adamw } from './adamw.js';
export { adamax } from './adamax.js';
export { amsgrad } from './amsgrad.js';
export { nadam } from './nadam.js';
export { radam } from './radam.js';
export { lion } from './lion.js';
export { lamb } from './lamb.js';
export { muon } from './muon.js';
export type {
  GivenOptions,
  OptionDefaults,
  PlainOptions,
  Range,
  Schedule,
  TensorOptions,
} from './options.js';
