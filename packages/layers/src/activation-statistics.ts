import {
  abs,
  greater,
  mean,
  random,
  sqrt,
  square,
  stack,
  tanh,
  type Generator,
  type Tensor,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import type { Initializer } from './initializers.js';
import { Linear } from './linear.js';

export interface ActivationStatisticsOptions {
  /** Layers; 10 by default. */
  readonly depth?: number;
  /** Units of each layer and inputs of the first; 500 by default. */
  readonly units?: number;
  /** Examples, drawn from the normal distribution; 1000 by default. */
  readonly examples?: number;
  /** What follows each linear map; tanh by default. */
  readonly activation?: (x: Tensor) => Tensor;
  /** What examples and weights are drawn from; the default generator unless given. */
  readonly generator?: Generator;
}

/** How the units of one layer lie over all examples. */
export interface LayerStatistics {
  readonly mean: number;
  /** The standard deviation. */
  readonly deviation: number;
  /** The part that lies beyond ±0.97, where the slope of a tanh is below 0.06. */
  readonly saturated: number;
}

/**
 * The experiment of the lecture on initialization (CS231n, after Glorot & Bengio 2010): what becomes of signals in a deep
 * network just after it was initialized, layer by layer. With weights too small everything goes to zero, with weights too
 * large every unit is saturated, and either way nothing is learnt; Xavier's stay alive.
 *
 * ```ts
 * await activationStatistics(gaussian(0.01)); // deviations 0.21, 0.05, 0.01, ... : dead
 * await activationStatistics(xavierNormal); // deviations 0.63, 0.49, 0.41, ... : alive
 * ```
 */
export async function activationStatistics(
  initializer: Initializer,
  {
    depth = 10,
    units = 500,
    examples = 1000,
    activation = tanh,
    generator,
  }: ActivationStatisticsOptions = {},
): Promise<LayerStatistics[]> {
  checkExtents('activationStatistics', { depth, units, examples });
  let signal = random.normal([examples, units], { generator });
  const rows = Array.from({ length: depth }, () => {
    const layer = new Linear(units, units, { bias: false, initializer, generator });
    signal = activation(layer.forward(signal));
    const average = mean(signal);
    const deviation = sqrt(mean(square(signal.sub(average))));
    return stack([average, deviation, mean(greater(abs(signal), 0.97))]);
  });
  const values = await stack(rows).data();
  return rows.map((_, i) => {
    const [average, deviation, saturated] = values.subarray(3 * i, 3 * i + 3);
    return { mean: average, deviation, saturated };
  });
}
