export { type Schedule } from './schedule.js';
export { constant } from './constant.js';
export { stepDecay, type StepDecayOptions } from './step-decay.js';
export { exponentialDecay, type ExponentialDecayOptions } from './exponential-decay.js';
export { inverseTimeDecay, type InverseTimeDecayOptions } from './inverse-time-decay.js';
export { linear, type LinearOptions } from './linear.js';
export { polynomial, type PolynomialOptions } from './polynomial.js';
export { cosine, type CosineOptions } from './cosine.js';
export { cosineRestarts, type CosineRestartsOptions } from './cosine-restarts.js';
export { warmup, type WarmupOptions } from './warmup.js';
export { oneCycle, type OneCycleOptions } from './one-cycle.js';
export { cyclic, type CyclicOptions } from './cyclic.js';
export { piecewise } from './piecewise.js';
export { momentumAnneal, type MomentumAnnealOptions } from './momentum-anneal.js';
export { byEpoch } from './by-epoch.js';
export {
  reduceOnPlateau,
  type PlateauSchedule,
  type PlateauState,
  type ReduceOnPlateauOptions,
} from './reduce-on-plateau.js';
export { sample, type SchedulePoint } from './sample.js';
