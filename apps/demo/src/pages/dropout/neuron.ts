import { Dropout } from '@downhill/regularization';
import { mean, mul, relu, sigmoid, sum, tanh, tensor, type Tensor } from '@downhill/tensor';

/** What can follow the sum of a neuron. */
export const activations: Readonly<
  Record<string, { readonly title: string; readonly apply: (sums: Tensor) => Tensor }>
> = {
  none: { title: 'None: a linear neuron', apply: (sums) => sums },
  relu: { title: 'ReLU', apply: relu },
  tanh: { title: 'Tanh', apply: tanh },
  sigmoid: { title: 'Sigmoid', apply: sigmoid },
};

/** The four ways to keep or drop two inputs. */
export const MASKS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

export interface NeuronAverages {
  /** What comes out under each of {@link MASKS}. */
  readonly outputs: readonly number[];
  /** Their mean: what testing stands in for. */
  readonly average: number;
  /** The single pass of standard dropout when testing, the inputs times the probability to be kept, a half. */
  readonly scaled: number;
}

/** A neuron of two inputs, f(w0 x + w1 y), under dropout of a half on its inputs. */
export function neuronAverages(
  weights: readonly [number, number],
  inputs: readonly [number, number],
  activation: string,
): NeuronAverages {
  const { apply } = activations[activation] ?? activations.none;
  const dtype = 'float64';
  const w = tensor([...weights], { dtype });
  const x = tensor([...inputs], { dtype });
  const masks = tensor(
    MASKS.map((mask) => [...mask]),
    { dtype },
  );
  const outputs = apply(sum(mul(mul(masks, x), w), { axis: 1 }));
  const halved = new Dropout(0.5, { mode: 'standard' }).forward(x);
  return {
    outputs: Array.from(outputs.dataSync(), Number),
    average: mean(outputs).item(),
    scaled: apply(sum(mul(halved, w))).item(),
  };
}
