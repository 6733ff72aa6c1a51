import { gradients } from '@downhill/autograd';
import { BatchNorm1d } from '@downhill/layers';
import { compile, generator, matmul, random, sum, tensor, variable, type Tensor } from '@downhill/tensor';
import { activations, type ActivationName } from './activations.js';
import { distributionOf, type Distribution } from './distribution.js';

export const DEPTH = 10;
export const UNITS = 500;
const EXAMPLES = 128;
const BINS = 40;

/** How a network starts. */
export interface Start {
  readonly activation: ActivationName;
  /** The standard deviation of the weights. */
  readonly scale: number;
  /** Whether batch normalization stands between each linear map and its activation. */
  readonly normalized: boolean;
}

/** What is to be seen at one layer. */
export interface LayerView extends Distribution {
  /** The share of units and examples where the activation is flat. */
  readonly flat: number;
  /** The standard deviation of the loss's gradient by the layer's outputs. */
  readonly gradient: number;
}

/**
 * The experiment of the lecture: ten layers of 500 units, fed with Gaussian data of deviation 1. A gradient of deviation 1
 * comes in at the top. Data, weights (but for their scale) and that gradient are drawn once.
 */
export class DeepNetwork {
  readonly #run: (
    scale: Tensor,
    activation: ActivationName,
    normalized: boolean,
  ) => { signals: Tensor[]; arriving: Tensor[] };

  constructor(seed = 0) {
    const source = { generator: generator(seed) };
    const inputs = random.normal([EXAMPLES, UNITS], source);
    const incoming = random.normal([EXAMPLES, UNITS], source);
    const layers = Array.from({ length: DEPTH }, () => ({
      weight: variable(random.normal([UNITS, UNITS], source)),
      norm: new BatchNorm1d(UNITS),
    }));
    this.#run = compile((scale: Tensor, activation: ActivationName, normalized: boolean) => {
      const signals: Tensor[] = [];
      for (const { weight, norm } of layers) {
        const sums = matmul(signals.at(-1) ?? inputs, weight.transpose()).mul(scale);
        const centered = normalized ? norm.forward(sums, { training: true }) : sums;
        signals.push(activations[activation].apply(centered));
      }
      const loss = sum(signals[DEPTH - 1].mul(incoming));
      return { signals, arriving: gradients(loss, signals) };
    });
  }

  /** What becomes of signals on their way up and of gradients on their way down, layer by layer. */
  async view({ activation, scale, normalized }: Start): Promise<LayerView[]> {
    const { range, isFlat } = activations[activation];
    const { signals, arriving } = this.#run(tensor(scale), activation, normalized);
    return Promise.all(
      signals.map(async (signal, i) => {
        const values = (await signal.data()) as Float32Array;
        const gradient = (await arriving[i].data()) as Float32Array;
        let flat = 0;
        for (const value of values) if (isFlat(value)) flat++;
        return {
          ...distributionOf(values, range, BINS),
          flat: flat / values.length,
          gradient: distributionOf(gradient, [-1, 1], 1).deviation,
        };
      }),
    );
  }
}
