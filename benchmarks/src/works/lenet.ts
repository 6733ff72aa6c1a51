import { convolution, flatten, linear, maxPool, relu, type Network } from '../network.js';
import { labels, uniform } from '../numbers.js';
import { type Training } from '../task.js';
import { stepsPerSecond, timesFaster, type Work } from '../work.js';

export const lenetNetwork: Network = {
  input: [1, 28, 28],
  layers: [
    ...[convolution(6, 5, 2), relu, maxPool],
    ...[convolution(16, 5), relu, maxPool],
    ...[flatten, linear(120), relu, linear(84), relu, linear(10)],
  ],
};

export const lenetTask: Training = {
  kind: 'training',
  network: lenetNetwork,
  loss: 'crossEntropy',
  optimizer: { name: 'adam', learningRate: 1e-3 },
  inputs: uniform([64, 1, 28, 28], 1),
  targets: labels(64, 10, 2),
};

export const lenet: readonly Work[] = [
  {
    name: 'lenet',
    description: 'training step of LeNet on 1x28x28, batch 64, cross-entropy, Adam',
    task: lenetTask,
    unit: stepsPerSecond,
    ceiling: 'flops',
    patience: 12,
    bars: [
      timesFaster('convnetjs', 50),
      timesFaster('jax-js', 90),
      timesFaster('pytorch', 1.5),
      {
        ...timesFaster('tfjs cpu', 1, { ours: 'downhill portable' }),
        goal: 'portable: the speed of tfjs cpu',
      },
    ],
  },
];
