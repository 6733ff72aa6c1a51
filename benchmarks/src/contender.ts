/** One library at one piece of work. All contenders at a work start from the same weights and see the same data. */
export interface Contender {
  readonly name: string;
  /** Makes the library use this contender's backend; called before its steps, outside the time that counts. */
  readonly select: () => Promise<void>;
  /** One training step, the way the library's users would write it, and its loss. */
  readonly step: () => number;
}

/** A network and one batch for it, as plain arrays. */
export interface Work {
  readonly name: 'mlp' | 'tiny';
  readonly description: string;
  /** Sizes of the input and of each layer. */
  readonly sizes: readonly number[];
  readonly activation: 'relu' | 'tanh';
  readonly loss: 'crossEntropy' | 'meanSquaredError';
  readonly batch: number;
  readonly learningRate: number;
  /** 0 means plain SGD. */
  readonly momentum: number;
}

export const works: readonly Work[] = [
  {
    name: 'mlp',
    description: '784-256-256-10 ReLU, batch 64, cross-entropy, SGD + momentum',
    sizes: [784, 256, 256, 10],
    activation: 'relu',
    loss: 'crossEntropy',
    batch: 64,
    learningRate: 0.01,
    momentum: 0.9,
  },
  {
    name: 'tiny',
    description: '2-16-16-1 tanh, batch 32, mean squared error, SGD',
    sizes: [2, 16, 16, 1],
    activation: 'tanh',
    loss: 'meanSquaredError',
    batch: 32,
    learningRate: 0.05,
    momentum: 0,
  },
];
