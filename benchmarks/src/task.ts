import { type Network } from './network.js';
import { sizeOf, type Numbers } from './numbers.js';

/** What a library is asked to do, as plain data. */
export type Task = MatrixProduct | ConvolutionPass | Training | Inference | Chain | Sum | AdamUpdate;

/** left · right, [rows, inner] · [inner, columns]; a transposed operand is stored with its axes the other way around. */
export interface MatrixProduct {
  readonly kind: 'matmul';
  readonly transposed: 'neither' | 'left' | 'right';
  readonly left: Numbers;
  readonly right: Numbers;
}

/** One pass of a convolution: the output, or the gradient by the images or by the weights. */
export interface ConvolutionPass {
  readonly kind: 'convolution';
  readonly pass: 'forward' | 'byData' | 'byWeights';
  readonly padding: number;
  /** [N, channels, height, width]. */
  readonly images: Numbers;
  /** [outputs, channels, kernel, kernel]. */
  readonly weights: Numbers;
  /** [N, outputs, height, width]: the gradient that comes back. */
  readonly outputs: Numbers;
}

/** A training step: forward, backward, update; it returns the loss. */
export interface Training {
  readonly kind: 'training';
  readonly network: Network;
  /** Means over the batch; the cross-entropy is of logits with labels. */
  readonly loss: 'crossEntropy' | 'meanSquaredError';
  readonly optimizer: OptimizerChoice;
  readonly inputs: Numbers;
  readonly targets: Numbers;
}

export type OptimizerChoice =
  /** v ← momentum · v − rate · gradient, x ← x + v. */
  { readonly name: 'sgd'; readonly learningRate: number; readonly momentum: number } | AdamOptions;

/** beta1 0.9, beta2 0.999, epsilon 1e-8. */
export interface AdamOptions {
  readonly name: 'adam';
  readonly learningRate: number;
}

/** The logits of one example, from an array to an array. */
export interface Inference {
  readonly kind: 'inference';
  readonly network: Network;
  readonly input: Numbers;
}

/** tanh(a · b + c) · d, element by element. */
export interface Chain {
  readonly kind: 'chain';
  readonly operands: readonly [Numbers, Numbers, Numbers, Numbers];
}

export interface Sum {
  readonly kind: 'sum';
  readonly operand: Numbers;
}

export interface AdamUpdate {
  readonly kind: 'adam';
  readonly optimizer: AdamOptions;
  readonly parameter: Numbers;
  readonly gradient: Numbers;
}

export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** A multiply-add counts two. Only contractions are counted. */
export function flopsOf(task: MatrixProduct | ConvolutionPass): number {
  if (task.kind === 'matmul') {
    const [rows, inner] = task.transposed === 'left' ? [...task.left.shape].reverse() : task.left.shape;
    return 2 * rows * inner * (sizeOf(task.right.shape) / inner);
  }
  return 2 * sizeOf(task.outputs.shape) * sizeOf(task.weights.shape.slice(1));
}
