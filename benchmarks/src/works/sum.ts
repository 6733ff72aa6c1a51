import { type Numbers } from '../numbers.js';
import { milliseconds, ofBandwidth, type Work } from '../work.js';

const ELEMENTS = 4_000_000;

/** From 0 to 1, so that the sum is not a small rest of what cancels. */
const operand: Numbers = { shape: [ELEMENTS], seed: 1, offset: 0.5, spread: 0.5, integers: false };

export const sum: readonly Work[] = [
  {
    name: 'sum',
    description: 'the sum of 4 million elements; operand and result resident',
    task: { kind: 'sum', operand },
    unit: milliseconds,
    ceiling: 'bytes',
    bars: [ofBandwidth('read', 4 * ELEMENTS, 60, '')],
  },
];
