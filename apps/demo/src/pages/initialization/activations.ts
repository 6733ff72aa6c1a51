import { relu, sigmoid, tanh, type Tensor } from '@downhill/tensor';

/** An activation one can choose. */
export interface Activation {
  readonly title: string;
  readonly apply: (x: Tensor) => Tensor;
  /** What its histograms show; what lies beyond is counted at the end. */
  readonly range: readonly [low: number, high: number];
  /** Where it is flat: its slope is below 6 % of its steepest, and hardly any gradient passes. */
  readonly isFlat: (value: number) => boolean;
}

export type ActivationName = 'tanh' | 'relu' | 'sigmoid';

export const activations: Readonly<Record<ActivationName, Activation>> = {
  tanh: { title: 'tanh', apply: tanh, range: [-1, 1], isFlat: (value) => Math.abs(value) > 0.97 },
  relu: { title: 'ReLU', apply: relu, range: [0, 4], isFlat: (value) => value === 0 },
  // A tanh of half the argument, moved: 0.985 is where that one is at 0.97.
  sigmoid: {
    title: 'sigmoid',
    apply: sigmoid,
    range: [0, 1],
    isFlat: (value) => value < 0.015 || value > 0.985,
  },
};

export function isActivationName(name: string): name is ActivationName {
  return Object.hasOwn(activations, name);
}
