import { uniform, type Numbers } from '../numbers.js';
import { milliseconds, ofBandwidth, timesFaster, type Work } from '../work.js';

const ELEMENTS = 4_000_000;
/** Four operands are read and a result is written. */
const BYTES = 5 * 4 * ELEMENTS;

const operand = (seed: number): Numbers => uniform([ELEMENTS], seed);

export const chain: readonly Work[] = [
  {
    name: 'chain',
    description: 'tanh(a*b + c)*d on 4 million elements; operands and result resident',
    task: {
      kind: 'chain',
      operands: [operand(1), operand(2), operand(3), operand(4)],
    },
    unit: milliseconds,
    ceiling: 'bytes',
    patience: 5,
    bars: [
      timesFaster('pytorch', 1.5, { tunedMalloc: true }),
      timesFaster('pytorch', 4),
      ofBandwidth('copy', BYTES, 60, ' counted as 5 passes'),
    ],
  },
];
