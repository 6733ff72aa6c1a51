import { rules } from '../../network/rules.js';
import type { SettingsOf } from '../../settings.js';
import type { TrainingOptions } from '../../training/trainer.js';

/** Networks to begin with. */
export const presets: Readonly<Record<string, { readonly title: string; readonly layers: string }>> = {
  small: {
    title: 'Small ConvNet',
    layers: 'conv 8 5, relu, max 2, conv 16 5, relu, max 2, linear 10',
  },
  lenet: {
    title: 'Like LeNet-5 (1998)',
    layers:
      'conv 6 5, tanh, average 2, conv 16 5, tanh, average 2, linear 120, tanh, linear 84, tanh, linear 10',
  },
  vgg: {
    title: 'Small VGG, batch normalization',
    layers:
      'conv 8 3, norm, relu, conv 8 3, norm, relu, max 2, conv 16 3, norm, relu, conv 16 3, norm, relu, max 2, ' +
      'linear 64, norm, relu, dropout 0.5, linear 10',
  },
  dropconnect: {
    title: 'ConvNet with DropConnect',
    layers: 'conv 8 5, relu, max 2, dropconnect 100 0.5, relu, linear 10',
  },
  mlp: {
    title: 'Plain network, no convolution',
    layers: 'linear 128, relu, linear 64, relu, linear 10',
  },
};

/** What the page's link holds. */
export const DEFAULTS = {
  layers: presets.small.layers,
  initializer: 'he',
  rule: 'adam',
  /** The rule's other options that are not as by default: `beta1 0.8, epsilon 1e-7`. */
  options: '',
  rate: 3e-3,
  schedule: 'cosine',
  steps: 1000,
  batch: 64,
  seed: 0,
};

export type ConvnetSettings = SettingsOf<typeof DEFAULTS>;

/** The options in a text that the rule has; others, of another rule, are passed over. */
export function readOptions(rule: string, text: string): Record<string, number> {
  const known = Object.hasOwn(rules, rule) ? rules[rule].options : {};
  const given = text.split(',').map((part) => part.trim().split(/\s+/));
  return Object.fromEntries(
    given
      .filter(([name, value]) => Object.hasOwn(known, name) && Number.isFinite(Number(value)))
      .map(([name, value]) => [name, Number(value)]),
  );
}

/** The text that {@link readOptions} reads. */
export function writeOptions(options: Readonly<Record<string, number>>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** What the worker trains for these settings. */
export function trainingOptions({
  rate: learningRate,
  batch: batchSize,
  options,
  ...same
}: ConvnetSettings): TrainingOptions {
  return { ...same, learningRate, batchSize, options: readOptions(same.rule, options) };
}

/** The settings of a training: what a file was saved with. */
export function settingsOf({
  learningRate,
  batchSize,
  options = {},
  ...same
}: TrainingOptions): ConvnetSettings {
  return { ...same, rate: learningRate, batch: batchSize, options: writeOptions(options) };
}
