import { gradients } from '@downhill/autograd';
import { batches, type Batch, type Dataset } from '@downhill/data';
import { BatchNorm1d, crossEntropy, gaussian, Linear, xavierNormal } from '@downhill/layers';
import { momentum } from '@downhill/optimizers';
import { compile, generator, sizeOf, type Tensor } from '@downhill/tensor';
import { activations } from './activations.js';
import { DEPTH, UNITS, type Start } from './deep-network.js';

/** Units of each layer: fewer than in the experiment, so that a step takes milliseconds. */
export const TRAINED_UNITS = 100;
const BATCH = 64;
const LEARNING_RATE = 0.01;

/**
 * Ten layers and one more for the scores, learning digits from a start. Weights are scaled by their number of inputs, so
 * that signals grow from layer to layer as they do in the experiment.
 */
export class DeepTraining {
  readonly #step: (images: Tensor, labels: Tensor) => Tensor;
  readonly #batches: Iterator<Batch>;

  constructor({ activation, scale, normalized }: Start, data: Dataset, seed = 0) {
    const source = generator(seed);
    const deviation = (inputs: number): number => scale * Math.sqrt(UNITS / inputs);
    const widths = [sizeOf(data.shape), ...Array.from({ length: DEPTH }, () => TRAINED_UNITS)];
    const layers = widths.slice(1).map((units, i) => {
      const initializer = gaussian(deviation(widths[i]));
      const linear = new Linear(widths[i], units, { initializer, generator: source });
      return { linear, norm: new BatchNorm1d(units) };
    });
    const scores = new Linear(TRAINED_UNITS, 10, { initializer: xavierNormal, generator: source });
    const parameters = [
      ...layers.flatMap(({ linear, norm }) => [linear, ...(normalized ? [norm] : [])]),
      scores,
    ].flatMap((module) => module.parameters());
    const optimizer = momentum({ learningRate: LEARNING_RATE, momentum: 0.9 });
    this.#batches = endless(data, seed);
    this.#step = compile((images: Tensor, labels: Tensor) => {
      let signal = images.reshape([-1, widths[0]]);
      for (const { linear, norm } of layers) {
        const sums = linear.forward(signal);
        signal = activations[activation].apply(normalized ? norm.forward(sums, { training: true }) : sums);
      }
      const loss = crossEntropy(scores.forward(signal), labels);
      optimizer.step(parameters, gradients(loss, parameters));
      return loss;
    });
  }

  /** Takes one step; the loss of its batch, which may be no number. */
  step(): number {
    const { images, labels } = this.#batches.next().value as Batch;
    return this.#step(images, labels).item();
  }
}

function* endless(data: Dataset, seed: number): Generator<Batch, never> {
  for (let epoch = 0; ; epoch++) yield* batches(data, { size: BATCH, seed, epoch, dropLast: true });
}
