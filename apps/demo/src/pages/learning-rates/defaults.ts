import { typicalRates } from '../../network/typical-rates.js';
import type { SettingsHandle } from '../../settings.js';
import type { TrainingOptions } from '../../training/trainer.js';

export const DEFAULTS = {
  network: 'tanh',
  rule: 'sgd',
  ...typicalRates.sgd,
  decay: 'linear',
  steps: 3000,
  batch: 8,
  smoothing: 60,
  logarithmic: false,
  schedules: 'constant step exponential inverse linear cosine',
  rate: typicalRates.sgd.high,
};

export type LearningRateSettings = SettingsHandle<typeof DEFAULTS>;

/** The networks one can choose, by name. */
export const networks: Readonly<Record<string, { readonly title: string; readonly layers: string }>> = {
  softmax: { title: 'No hidden layer', layers: 'linear 10' },
  tanh: { title: '64 tanh units', layers: 'linear 64, tanh, linear 10' },
  relu: { title: 'Twice 64 ReLU units', layers: 'linear 64, relu, linear 64, relu, linear 10' },
};

/** Of the training digits in a step, 8,000 in all. */
export const TRAINING_DIGITS = 8000;

/** A training as the settings have it. */
export function plan(
  { network, rule, steps, batch }: LearningRateSettings['current']['value'],
  learningRate: number,
  schedule: string,
): TrainingOptions {
  return {
    layers: (networks[network] ?? networks.tanh).layers,
    initializer: 'he',
    seed: 0,
    rule,
    learningRate,
    schedule,
    steps,
    batchSize: batch,
  };
}
