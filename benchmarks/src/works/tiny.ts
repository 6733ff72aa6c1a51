import { linear, tanh } from '../network.js';
import { uniform } from '../numbers.js';
import { partOfFullPeak } from '../machine.js';
import { stepsPerSecond, type Work } from '../work.js';

export const tiny: readonly Work[] = [
  {
    name: 'tiny',
    description:
      'training step of 2-16-16-1 tanh, batch 32, mean squared error, SGD, through the public call',
    task: {
      kind: 'training',
      network: { input: [2], layers: [linear(16), tanh, linear(16), tanh, linear(1)] },
      loss: 'meanSquaredError',
      optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0 },
      inputs: uniform([32, 2], 1),
      targets: uniform([32, 1], 2),
    },
    unit: stepsPerSecond,
    ceiling: 'flops',
    bars: [
      {
        goal: '100,000 steps/s (less where the peak is below 55 GF/s)',
        unit: 'steps/s',
        measured: (figures) => {
          const seconds = figures.best('downhill wasm');
          return seconds === undefined ? undefined : 1 / seconds;
        },
        atLeast: ({ machine }) => 1e5 * partOfFullPeak(machine),
      },
    ],
  },
];
