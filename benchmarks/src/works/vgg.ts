import { batchNorm, convolution, dropout, flatten, linear, maxPool, relu } from '../network.js';
import { labels, uniform } from '../numbers.js';
import { stepsPerSecond, timesFaster, type Work } from '../work.js';

export const vgg: readonly Work[] = [
  {
    name: 'vgg',
    description:
      'training step of a small VGG with batch normalization and dropout on 3x32x32, batch 32, Adam',
    task: {
      kind: 'training',
      network: {
        input: [3, 32, 32],
        layers: [
          ...[32, 64].flatMap((outputs) => [
            ...[convolution(outputs, 3, 1), batchNorm, relu],
            ...[convolution(outputs, 3, 1), batchNorm, relu],
            maxPool,
          ]),
          ...[flatten, linear(256), relu, dropout(0.5), linear(10)],
        ],
      },
      loss: 'crossEntropy',
      optimizer: { name: 'adam', learningRate: 1e-4 },
      inputs: uniform([32, 3, 32, 32], 1),
      targets: labels(32, 10, 2),
    },
    unit: stepsPerSecond,
    ceiling: 'flops',
    patience: 4,
    bars: [timesFaster('pytorch', 0.8), { ...timesFaster('pytorch', 1), goal: 'stretch: 1 times pytorch' }],
  },
];
