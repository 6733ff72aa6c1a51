import { convolution, flatten, linear, maxPool, relu } from '../network.js';
import { labels, uniform } from '../numbers.js';
import { stepsPerSecond, timesFaster, type Work } from '../work.js';

/** The network of ConvNetJS's CIFAR-10 demonstration. */
export const cifar: readonly Work[] = [
  {
    name: 'cifar',
    description: "training step of ConvNetJS's CIFAR network on 3x32x32, batch 64, SGD + momentum",
    task: {
      kind: 'training',
      network: {
        input: [3, 32, 32],
        layers: [
          ...[16, 20, 20].flatMap((outputs) => [convolution(outputs, 5, 2), relu, maxPool]),
          ...[flatten, linear(10)],
        ],
      },
      loss: 'crossEntropy',
      optimizer: { name: 'sgd', learningRate: 0.01, momentum: 0.9 },
      inputs: uniform([64, 3, 32, 32], 1),
      targets: labels(64, 10, 2),
    },
    unit: stepsPerSecond,
    ceiling: 'flops',
    patience: 5,
    bars: [timesFaster('pytorch', 0.8), { ...timesFaster('pytorch', 1), goal: 'stretch: 1 times pytorch' }],
  },
];
