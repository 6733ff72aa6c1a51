import { customGradient } from '@downhill/autograd';
import type { Module } from '@downhill/layers';
import { isVariable, relu, reshape, stopGradient, sub, tanh, type Tensor } from '@downhill/tensor';
import type { BuiltLayer } from '../../network/layers.js';

/** A mistake in somebody's backward pass: the value is right, the derivative is not. */
export interface Bug {
  /** What was done wrong, once it is revealed. */
  readonly title: string;
  /** The kinds of layers it can be in, as they are written; `loss` is one too. */
  readonly kinds: readonly string[];
  /** The layer with the bug, from what comes in and what would rightly come out. */
  readonly plant: (input: Tensor, right: (x: Tensor) => Tensor, layer: BuiltLayer | undefined) => Tensor;
}

const backward = (change: (gradient: Tensor) => Tensor) => (input: Tensor, right: (x: Tensor) => Tensor) =>
  customGradient(
    (x) => x,
    (gradient) => [change(gradient)],
  )(right(input));

export const bugs: readonly Bug[] = [
  {
    title: 'the sign of the gradient is wrong',
    kinds: ['conv', 'linear'],
    plant: backward((gradient) => gradient.neg()),
  },
  {
    title: 'a factor of 2 was forgotten in the gradient',
    kinds: ['conv', 'linear'],
    plant: backward((gradient) => gradient.div(2)),
  },
  {
    title: 'the gradient of the bias is missing',
    kinds: ['conv', 'linear'],
    plant: (input, right, layer) => {
      const output = right(input);
      const bias = layer?.modules.map(biasOf).find((each) => each !== undefined);
      if (bias === undefined) return output;
      const shaped = reshape(bias, output.rank === 4 ? [-1, 1, 1] : [-1]);
      // The same value; what flows into the bias flows out again.
      return output.sub(shaped).add(stopGradient(shaped));
    },
  },
  {
    title: 'the gradient passes a ReLU where it is off',
    kinds: ['relu'],
    plant: (input) =>
      customGradient(
        (x) => relu(x),
        (gradient) => [gradient],
      )(input),
  },
  {
    title: 'the derivative of tanh is taken as 1 − y, where it is 1 − y²',
    kinds: ['tanh'],
    plant: (input) =>
      customGradient(
        (x) => tanh(x),
        (gradient, { output }) => [gradient.mul(sub(1, output))],
      )(input),
  },
  {
    title: 'what was dropped is dropped forward only',
    kinds: ['dropout'],
    plant: (input, right) =>
      customGradient(
        (x) => right(x),
        (gradient) => [gradient],
      )(input),
  },
  {
    title: 'the gradient of the loss is not divided by the size of the batch',
    kinds: ['loss'],
    plant: (input, right) => backward((gradient) => gradient.mul(input.shape[0]))(input, right),
  },
];

function biasOf(module: Module): Tensor | undefined {
  return 'bias' in module && isVariable(module.bias) ? module.bias.value : undefined;
}

/** A bug and the place of its layer; after the last comes the loss. */
export interface Planted {
  readonly bug: Bug;
  readonly layer: number;
}

/** All bugs that layers of these kinds can have. */
export function possibleBugs(kinds: readonly string[]): Planted[] {
  return [...kinds, 'loss'].flatMap((kind, layer) =>
    bugs.filter((bug) => bug.kinds.includes(kind)).map((bug) => ({ bug, layer })),
  );
}
