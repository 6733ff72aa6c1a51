import { linear, relu } from '../network.js';
import { labels, uniform } from '../numbers.js';
import { type Training } from '../task.js';
import { stepsPerSecond, timesFaster, type Work } from '../work.js';

export const mlpTask: Training = {
  kind: 'training',
  network: { input: [784], layers: [linear(256), relu, linear(256), relu, linear(10)] },
  loss: 'crossEntropy',
  optimizer: { name: 'sgd', learningRate: 0.01, momentum: 0.9 },
  inputs: uniform([64, 784], 1),
  targets: labels(64, 10, 2),
};

export const mlp: readonly Work[] = [
  {
    name: 'mlp',
    description: 'training step of 784-256-256-10 ReLU, batch 64, cross-entropy, SGD + momentum',
    task: mlpTask,
    unit: stepsPerSecond,
    ceiling: 'flops',
    bars: [
      timesFaster('jax-js', 4),
      timesFaster('tfjs wasm', 15),
      timesFaster('pytorch', 0.75),
      {
        ...timesFaster('tfjs cpu', 1, { ours: 'downhill portable' }),
        goal: 'portable: the speed of tfjs cpu',
      },
    ],
  },
];
