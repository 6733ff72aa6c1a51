import type { SettingsHandle } from '../../settings.js';
import type { TrainingOptions } from '../../training/trainer.js';

export const DEFAULTS = {
  digits: 500,
  rate: 0.5,
  units: 200,
  steps: 600,
  measure: 'loss',
  drops: 'units',
  digit: 0,
  passes: 100,
  w0: 1,
  w1: -2,
  x: 2,
  y: 0.5,
  activation: 'none',
};

export type DropoutSettings = SettingsHandle<typeof DEFAULTS>;

type Values = DropoutSettings['current']['value'];

/** Inputs are dropped at half the rate: a digit has fewer pixels to spare than a hidden layer has units. */
export function plannedRuns(values: Values): { label: string; style: number; options: TrainingOptions }[] {
  const { units, rate } = values;
  const layers = {
    'without dropout': `linear ${units}, relu, linear 10`,
    'with dropout': `dropout ${rate / 2}, linear ${units}, relu, dropout ${rate}, linear 10`,
    'with DropConnect': `dropconnect ${units} ${rate / 2}, relu, dropconnect 10 ${rate}`,
  };
  return Object.entries(layers).map(([label, layers], style) => ({
    label,
    style,
    options: {
      layers,
      initializer: 'he',
      seed: 0,
      rule: 'adam',
      learningRate: 1e-3,
      schedule: 'constant',
      steps: values.steps,
      batchSize: 50,
    },
  }));
}
