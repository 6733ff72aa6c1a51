export { type Schedule } from './schedule.js';
export { constant } from './constant.js';
export { stepDecay, type StepDecayOptions } from './step-decay.js';
export { exponentialDecay, type ExponentialDecayOptions } from './exponential-decay.js';
export { inverseTimeDecay, type InverseTimeDecayOptions } from './inverse-time-decay.js';
