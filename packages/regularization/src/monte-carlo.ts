import {
  asTensor,
  compile,
  DownhillError,
  sqrt,
  tensor,
  zerosLike,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import type { Module } from '@downhill/layers';

export interface MonteCarloOptions {
  /** How many passes, each with masks of its own; 50 by default. */
  readonly passes?: number;
}

/** What the passes agree on, and how far they differ. */
export interface MonteCarloResult {
  readonly mean: Tensor;
  /** The standard deviation over the passes, with the unbiased variance: the model's uncertainty. */
  readonly spread: Tensor;
}

/**
 * Monte-Carlo dropout: the function that sends x through a model many times, dropping at random but otherwise as when
 * testing (batch normalization uses its running statistics), and gives mean and spread of the outputs. It is traced once
 * for each shape. Gal & Ghahramani (2016), section 4.
 */
export function monteCarlo(
  model: Module,
  { passes = 50 }: MonteCarloOptions = {},
): (x: Tensor | Variable) => MonteCarloResult {
  if (!(Number.isInteger(passes) && passes >= 2)) {
    throw new DownhillError(`monteCarlo: expected a whole number of at least 2 passes, got ${passes}`);
  }
  const first = compile((x: Tensor) => model.forward(x, { stochastic: true }));
  // Mean and squared deviations from it move with each pass, as Welford (1962) has it: no output is kept.
  const next = compile((x: Tensor, mean: Tensor, squares: Tensor, count: Tensor) => {
    const output = model.forward(x, { stochastic: true });
    const moved = mean.add(output.sub(mean).div(count));
    return [moved, squares.add(output.sub(mean).mul(output.sub(moved)))];
  });
  return (x) => {
    const input = asTensor(x, 'monteCarlo');
    let mean = first(input);
    let squares = zerosLike(mean);
    for (let count = 2; count <= passes; count++) {
      [mean, squares] = next(input, mean, squares, tensor(count));
    }
    return { mean, spread: sqrt(squares.div(passes - 1)) };
  };
}
