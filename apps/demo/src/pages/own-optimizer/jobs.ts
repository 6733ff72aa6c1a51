import type { Course } from '../../race/trajectory.js';
import type { TrainingOptions } from '../../training/trainer.js';

/** What the sandbox is asked to do with a rule; `script` is its module, in JavaScript. */
export type Job = RaceJob | TrainingJob;

export interface RaceJob {
  readonly kind: 'race';
  readonly script: string;
  /** Undefined: as the rule has it. */
  readonly learningRate: number | undefined;
  readonly course: Course;
}

export interface TrainingJob {
  readonly kind: 'training';
  readonly script: string;
  readonly learningRate: number | undefined;
  readonly options: TrainingOptions;
  readonly examples: Examples;
}

/** Digits to train on, as plain data. */
export interface Examples {
  readonly shape: readonly number[];
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The network that the typed rule and the built-in ones train, each from the same weights and on the same batches. */
export const TRAINING: Omit<TrainingOptions, 'rule' | 'learningRate'> = {
  layers: 'linear 32, relu, linear 10',
  initializer: 'he',
  seed: 0,
  schedule: 'constant',
  steps: 200,
  batchSize: 32,
};
