import { uniform } from '../numbers.js';
import { milliseconds, ofBandwidth, timesFaster, type Work } from '../work.js';

const PARAMETERS = 10_000_000;
/** Parameter and both moments are read and written, the gradient is read. */
const BYTES = 7 * 4 * PARAMETERS;

export const adam: readonly Work[] = [
  {
    name: 'adam',
    description: 'an update of 10 million parameters by Adam; parameters, gradient and state resident',
    task: {
      kind: 'adam',
      optimizer: { name: 'adam', learningRate: 1e-3 },
      parameter: uniform([PARAMETERS], 1),
      gradient: uniform([PARAMETERS], 2),
    },
    unit: milliseconds,
    ceiling: 'bytes',
    bars: [
      timesFaster('pytorch', 1, { tunedMalloc: true }),
      timesFaster('pytorch', 2.5),
      ofBandwidth('copy', BYTES, 70, ' counted as 7 passes'),
    ],
  },
];
