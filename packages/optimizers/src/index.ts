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
export { adam } from './adam.js';
export {
  minimize,
  type MinimizeMethod,
  type MinimizeOptions,
  type MinimizeProgress,
  type MinimizeResult,
  type Objective,
  type StopReason,
} from './minimize.js';
export type {
  GivenOptions,
  OptionDefaults,
  PlainOptions,
  Range,
  Schedule,
  TensorOptions,
} from './options.js';
