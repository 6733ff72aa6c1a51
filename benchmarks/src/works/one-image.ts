import { uniform } from '../numbers.js';
import { microseconds, timesFaster, type Work } from '../work.js';
import { lenetNetwork } from './lenet.js';

export const oneImage: readonly Work[] = [
  {
    name: 'one-image',
    description: 'LeNet on one image, through the public call: from an array of pixels to an array of logits',
    task: { kind: 'inference', network: lenetNetwork, input: uniform([1, 1, 28, 28], 1) },
    unit: microseconds,
    ceiling: 'flops',
    bars: [timesFaster('onnxruntime-web', 1)],
  },
];
