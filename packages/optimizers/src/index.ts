export {
  defineOptimizer,
  type OptimizerFactory,
  type RuleState,
  type UpdateInput,
  type UpdateRule,
} from './define-optimizer.js';
export { type Optimizer, type OptimizerState, type Proposal } from './optimizer.js';
export { type StepReport } from './step-report.js';
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
export {
  defineWrapper,
  type InnerOptions,
  type Wrapper,
  type WrapperFactory,
  type WrapperInput,
  type WrapperState,
} from './define-wrapper.js';
export { weightDecay } from './weight-decay.js';
export { decoupledWeightDecay } from './decoupled-weight-decay.js';
export { clipByValue } from './clip-by-value.js';
export { clipByNorm } from './clip-by-norm.js';
export { clipByGlobalNorm } from './clip-by-global-norm.js';
export { centralizeGradients } from './centralize-gradients.js';
export { accumulateGradients } from './accumulate-gradients.js';
export { skipNonFinite } from './skip-non-finite.js';
export { stopAtNonFinite } from './stop-at-non-finite.js';
export { lookahead } from './lookahead.js';
export { type AveragingOptimizer } from './averaging-optimizer.js';
export { exponentialMovingAverage } from './exponential-moving-average.js';
export { polyakAverage } from './polyak-average.js';
export {
  parameterGroups,
  type NamingOptions,
  type ParameterGroup,
  type ParameterMatch,
} from './parameter-groups.js';
export { freeze } from './freeze.js';
export type {
  GivenOptions,
  OptionDefaults,
  PlainOptions,
  Range,
  Schedule,
  TensorOptions,
} from './options.js';
