import { softmax } from '@downhill/layers';
import { compile, sizeOf, tensor, type Shape, type Tensor, type Variable } from '@downhill/tensor';
import type { BuiltLayer, Network } from '../network/layers.js';

/** What a layer makes of one image. */
export interface Activation {
  /** [channels, height, width] or [units]. */
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** The first layer with weights, one picture for each channel or unit that it makes. */
export interface Filters {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** count × height × width. */
  readonly values: Float32Array;
}

/** Looks into a network, by compiled functions of its own: training does not notice. */
export class Inspector {
  readonly #network: Network;
  readonly #shape: Shape;
  readonly #read: (images: Tensor) => Tensor;
  readonly #look: (images: Tensor) => readonly Tensor[];

  /** `shape` is that of an image, [channels, height, width]. */
  constructor(network: Network, shape: Shape) {
    this.#network = network;
    this.#shape = shape;
    const { model, layers } = network;
    this.#read = compile((images: Tensor) => softmax(model.forward(images), { axis: 1 }));
    this.#look = compile((images: Tensor) => {
      let value = images;
      return layers.map(({ modules }) => {
        for (const module of modules) value = module.forward(value);
        return value;
      });
    });
  }

  /** The probability of each class for one image. */
  read(image: Float32Array): Float32Array {
    return floats(this.#read(this.#batch(image)));
  }

  /** What each layer makes of one image, or of several, one after another in `values`. */
  activations(images: Float32Array): Activation[] {
    return this.#look(this.#batch(images)).map((output) => ({
      shape: output.shape.slice(1),
      values: floats(output),
    }));
  }

  /** Undefined where the first weights belong to no picture, and where there are none. */
  filters(): Filters | undefined {
    const { layers } = this.#network;
    const first = layers.findIndex((layer) => weightOf(layer) !== undefined);
    const weight = first < 0 ? undefined : weightOf(layers[first]);
    if (weight === undefined) return undefined;
    // A row of a fully connected layer is a picture as large as what comes in.
    const [channels, height, width] = [...(layers[first - 1]?.shape ?? this.#shape)];
    const [high, wide] = weight.rank === 4 ? weight.shape.slice(2) : [height, width];
    if (channels !== 1 || sizeOf(weight.shape) !== weight.shape[0] * high * wide) return undefined;
    return { count: weight.shape[0], height: high, width: wide, values: floats(weight.value) };
  }

  #batch(images: Float32Array): Tensor {
    return tensor(images, { shape: [images.length / sizeOf(this.#shape), ...this.#shape] });
  }
}

/** The weights of a layer that has some: of rank 2 or more, which biases and normalizations do not have. */
export function weightOf({ modules }: BuiltLayer): Variable | undefined {
  return modules.flatMap((module) => module.parameters()).find(({ rank }) => rank >= 2);
}

export function floats(values: Tensor): Float32Array {
  return Float32Array.from(values.dataSync(), Number);
}
