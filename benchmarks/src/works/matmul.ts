import { uniform } from '../numbers.js';
import { flopsOf, type MatrixProduct } from '../task.js';
import { gigaflops, ofPeak, type Work } from '../work.js';

/** Square matrix products of resident operands, also with one operand stored the other way around. */
export const matmul: readonly Work[] = [
  work(256, 'neither'),
  work(512, 'neither'),
  work(512, 'left'),
  work(512, 'right'),
  work(1024, 'neither'),
];

function work(size: number, transposed: MatrixProduct['transposed']): Work {
  const task: MatrixProduct = {
    kind: 'matmul',
    transposed,
    left: uniform([size, size], 1),
    right: uniform([size, size], 2),
  };
  const how = transposed === 'neither' ? '' : `, ${transposed} operand transposed`;
  return {
    name: `matmul ${size}${how}`,
    description: `${size} x ${size} times ${size} x ${size}${how}, operands and result resident`,
    task,
    unit: gigaflops(flopsOf(task)),
    ceiling: 'flops',
    bars: [
      ofPeak(flopsOf(task), 90),
      {
        goal: 'two threads 1.75 times the goal of one',
        unit: '%',
        measured: (figures) => {
          const seconds = figures.bestRound(2);
          return seconds === undefined ? undefined : (100 * flopsOf(task)) / seconds / figures.machine.flops;
        },
        atLeast: () => 1.75 * 90,
      },
    ],
  };
}
