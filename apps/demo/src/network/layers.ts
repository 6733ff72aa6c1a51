import { AveragePool2d, Conv2d, MaxPool2d } from '@downhill/convnets';
import {
  BatchNorm1d,
  BatchNorm2d,
  ELU,
  Flatten,
  gaussian,
  heNormal,
  LeakyReLU,
  lecunNormal,
  Linear,
  ReLU,
  Sequential,
  Sigmoid,
  Tanh,
  xavierNormal,
  type Initializer,
  type Module,
} from '@downhill/layers';
import { DropConnect, Dropout } from '@downhill/regularization';
import { DownhillError, generator, sizeOf, type Generator, type Shape } from '@downhill/tensor';

/** The initializers one can choose. */
export const initializers: Readonly<Record<string, Initializer>> = {
  he: heNormal,
  xavier: xavierNormal,
  lecun: lecunNormal,
  small: gaussian(0.01),
  large: gaussian(1),
};

/** What a layer is built from: the shape of what comes in, without the batch, and where weights start. */
interface Site {
  readonly shape: Shape;
  readonly initializer: Initializer;
  readonly generator: Generator;
}

/** Modules, and the shape of what comes out of them. */
interface Built {
  readonly modules: readonly Module[];
  readonly shape: Shape;
}

/** A kind of layer: what it is called, the numbers it takes and what they are by default, and how it is built. */
export interface LayerKind {
  readonly title: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly build: (numbers: readonly number[], site: Site) => Built;
}

const activation = (title: string, make: () => Module): LayerKind => ({
  title,
  numbers: {},
  build: (_, { shape }) => ({ modules: [make()], shape }),
});

const pooling = (title: string, make: (size: number) => Module): LayerKind => ({
  title,
  numbers: { size: 2 },
  build: ([size], { shape }) => {
    const [channels, height, width] = wantImage(title, shape);
    return { modules: [make(size)], shape: [channels, Math.floor(height / size), Math.floor(width / size)] };
  },
});

/** A fully connected layer, which flattens images. */
const connected = (
  title: string,
  numbers: Readonly<Record<string, number>>,
  wrap: (layer: Linear, rate: number, generator: Generator) => Module,
): LayerKind => ({
  title,
  numbers,
  build: ([units, rate], { shape, initializer, generator }) => {
    const layer = wrap(new Linear(sizeOf(shape), units, { initializer, generator }), rate, generator);
    return { modules: shape.length === 1 ? [layer] : [new Flatten(), layer], shape: [units] };
  },
});

/** What can stand in a list of layers, under the name it has there. */
export const layerKinds: Readonly<Record<string, LayerKind>> = {
  conv: {
    title: 'Convolution',
    numbers: { channels: 8, size: 5 },
    build: ([channels, kernelSize], { shape, initializer, generator }) => {
      const [inputs, height, width] = wantImage('Convolution', shape);
      const layer = new Conv2d(inputs, channels, { kernelSize, padding: 'same', initializer, generator });
      return { modules: [layer], shape: [channels, height, width] };
    },
  },
  max: pooling('Max pooling', (size) => new MaxPool2d({ kernelSize: size })),
  average: pooling('Average pooling', (size) => new AveragePool2d({ kernelSize: size })),
  norm: {
    title: 'Batch normalization',
    numbers: {},
    build: (_, { shape }) => ({
      modules: [shape.length === 3 ? new BatchNorm2d(shape[0]) : new BatchNorm1d(shape[0])],
      shape,
    }),
  },
  relu: activation('ReLU', () => new ReLU()),
  leaky: activation('Leaky ReLU', () => new LeakyReLU()),
  elu: activation('ELU', () => new ELU()),
  tanh: activation('Tanh', () => new Tanh()),
  sigmoid: activation('Sigmoid', () => new Sigmoid()),
  dropout: {
    title: 'Dropout',
    numbers: { rate: 0.5 },
    build: ([rate], { shape, generator }) => ({ modules: [new Dropout(rate, { generator })], shape }),
  },
  linear: connected('Fully connected', { units: 64 }, (layer) => layer),
  dropconnect: connected(
    'Fully connected with DropConnect',
    { units: 64, rate: 0.5 },
    (layer, rate, source) => new DropConnect(layer, rate, { generator: source }),
  ),
};

function wantImage(title: string, shape: Shape): Shape {
  if (shape.length === 3) return shape;
  throw new DownhillError(
    `${title}: comes after a fully connected layer, where there is no image; move it before`,
  );
}

/** A layer as it is written: `conv 8 5`, `max 2`, `relu`. */
export interface LayerText {
  readonly kind: string;
  readonly numbers: readonly number[];
}

/**
 * A network as text, as it stands in a page's link: layers between commas, `conv 8 5, relu, max 2, linear 10`.
 *
 * @throws DownhillError for a layer there is not, or numbers it does not take.
 */
export function parseLayers(text: string): LayerText[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(parseLayer);
}

function parseLayer(text: string): LayerText {
  const [kind, ...words] = text.split(/\s+/);
  if (!Object.hasOwn(layerKinds, kind)) {
    throw new DownhillError(
      `layers: there is no "${kind}"; expected one of ${Object.keys(layerKinds).join(', ')}`,
    );
  }
  const names = Object.keys(layerKinds[kind].numbers);
  const numbers = words.map(Number);
  if (numbers.length !== names.length || !numbers.every((number) => number >= 0 && Number.isFinite(number))) {
    throw new DownhillError(
      `layers: "${text}": expected ${[kind, ...names.map((name) => `<${name}>`)].join(' ')}`,
    );
  }
  return { kind, numbers };
}

/** The text that {@link parseLayers} reads. */
export function writeLayers(layers: readonly LayerText[]): string {
  return layers.map(({ kind, numbers }) => [kind, ...numbers].join(' ')).join(', ');
}

export interface NetworkOptions {
  /** One of {@link initializers}; `he` by default. */
  readonly initializer?: string;
  /** Of the weights and of what drops at random; 0 by default. */
  readonly seed?: number;
}

/** One layer of a network, as it was written and as it was built. */
export interface BuiltLayer {
  readonly text: LayerText;
  readonly modules: readonly Module[];
  /** Of what comes out, without the batch. */
  readonly shape: Shape;
}

/** A network, and its layers one by one. */
export interface Network {
  readonly model: Sequential;
  readonly layers: readonly BuiltLayer[];
  /** What weights and masks are drawn from. */
  readonly generator: Generator;
}

/**
 * The network that a text describes, for images of `shape` [channels, height, width]. Convolutions keep the size of the
 * image; fully connected layers flatten what comes.
 *
 * @throws DownhillError for a text that cannot be read, and for layers that do not fit each other.
 */
export function buildNetwork(
  text: string,
  shape: Shape,
  { initializer = 'he', seed = 0 }: NetworkOptions = {},
): Network {
  const source = { initializer: initializers[initializer] ?? heNormal, generator: generator(seed) };
  const layers: BuiltLayer[] = [];
  for (const layer of parseLayers(text)) {
    const before = layers.at(-1)?.shape ?? shape;
    layers.push({
      text: layer,
      ...layerKinds[layer.kind].build(layer.numbers, { shape: before, ...source }),
    });
  }
  if (layers.length === 0) throw new DownhillError('layers: expected at least one');
  return {
    model: new Sequential(layers.flatMap(({ modules }) => modules)),
    layers,
    generator: source.generator,
  };
}
