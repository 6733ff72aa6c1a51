import { uniform } from '../numbers.js';
import { flopsOf, type ConvolutionPass } from '../task.js';
import { gigaflops, ofPeak, type Work } from '../work.js';

interface Sizes {
  readonly title: string;
  readonly batch: number;
  readonly channels: number;
  readonly outputs: number;
  /** Of the square images, and of the kernel. */
  readonly size: number;
  readonly kernelSize: number;
  readonly padding: number;
}

const passes = { forward: 'forward', byData: 'by data', byWeights: 'by weights' } as const;

const wide: Sizes = {
  title: '3x3x32->64',
  batch: 32,
  channels: 32,
  outputs: 64,
  size: 16,
  kernelSize: 3,
  padding: 1,
};
const first: Sizes = {
  title: "LeNet's first",
  batch: 64,
  channels: 1,
  outputs: 6,
  size: 28,
  kernelSize: 5,
  padding: 2,
};
const second: Sizes = {
  title: "LeNet's second",
  batch: 64,
  channels: 6,
  outputs: 16,
  size: 14,
  kernelSize: 5,
  padding: 0,
};

/** Passes of convolutions over resident operands. */
export const convolution: readonly Work[] = [
  work(wide, 'forward', 80),
  work(wide, 'byData', 80),
  work(wide, 'byWeights', 80),
  work(first, 'forward', 55),
  work(first, 'byWeights', 55),
  work(second, 'forward', 55),
  work(second, 'byWeights', 55),
];

function work(sizes: Sizes, pass: ConvolutionPass['pass'], percent: number): Work {
  const { title, batch, channels, outputs, size, kernelSize, padding } = sizes;
  const outputSize = size + 2 * padding - kernelSize + 1;
  const task: ConvolutionPass = {
    kind: 'convolution',
    pass,
    padding,
    images: uniform([batch, channels, size, size], 1),
    weights: uniform([outputs, channels, kernelSize, kernelSize], 2),
    outputs: uniform([batch, outputs, outputSize, outputSize], 3),
  };
  return {
    name: `convolution ${title}, ${passes[pass]}`,
    description:
      `${batch} images of ${channels}x${size}x${size}, ${outputs} kernels of ${kernelSize}x${kernelSize}, ` +
      `padding ${padding}, ${passes[pass]}; operands and result resident`,
    task,
    unit: gigaflops(flopsOf(task)),
    ceiling: 'flops',
    patience: 1.5,
    bars: [ofPeak(flopsOf(task), percent)],
  };
}
