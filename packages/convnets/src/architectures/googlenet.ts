import type { Tensor, Variable } from '@downhill/tensor';
import {
  Concatenate,
  Flatten,
  Linear,
  Module,
  ReLU,
  Sequential,
  type ForwardOptions,
} from '@downhill/layers';
import { Dropout } from '@downhill/regularization';
import { AveragePool2d } from '../average-pooling.js';
import { Conv2d } from '../convolution.js';
import { GlobalAveragePool } from '../global-pooling.js';
import { LocalResponseNormalization } from '../local-response-normalization.js';
import { MaxPool2d } from '../max-pooling.js';
import { ImageClassifier } from './image-classifier.js';
import type { ArchitectureOptions } from './options.js';

type Shared = Pick<ArchitectureOptions, 'generator' | 'dtype'>;

/** Channels of an inception module, in the order of table 1 of the paper. */
interface Widths {
  readonly one: number;
  readonly threeReduced: number;
  readonly three: number;
  readonly fiveReduced: number;
  readonly five: number;
  readonly pooled: number;
}

const widths = (...[one, threeReduced, three, fiveReduced, five, pooled]: number[]): Widths => ({
  one,
  threeReduced,
  three,
  fiveReduced,
  five,
  pooled,
});

/** Convolutions of 1 × 1, 3 × 3, 5 × 5 and pooling side by side, each reduced to few channels before it gets expensive. */
function inception(
  inputs: number,
  { one, threeReduced, three, fiveReduced, five, pooled }: Widths,
  shared: Shared,
): Concatenate {
  return new Concatenate([
    new Sequential(rectified(inputs, one, 1, shared)),
    new Sequential([
      ...rectified(inputs, threeReduced, 1, shared),
      ...rectified(threeReduced, three, 3, shared),
    ]),
    new Sequential([
      ...rectified(inputs, fiveReduced, 1, shared),
      ...rectified(fiveReduced, five, 5, shared),
    ]),
    new Sequential([
      new MaxPool2d({ kernelSize: 3, stride: 1, padding: 1 }),
      ...rectified(inputs, pooled, 1, shared),
    ]),
  ]);
}

/** A convolution that keeps the size of images, and a rectifier. */
function rectified(inputs: number, outputs: number, kernelSize: number, shared: Shared): Module[] {
  return [new Conv2d(inputs, outputs, { kernelSize, padding: (kernelSize - 1) / 2, ...shared }), new ReLU()];
}

/** Half the height and width, a last window that is not whole included. */
function halved(): Module {
  return new MaxPool2d({ kernelSize: 3, stride: 2, ceilMode: true });
}

/** Scores from the middle of the network, so that gradients reach the first layers: section 5. */
function auxiliaryHead(inputs: number, classes: number, shared: Shared): Module {
  return new Sequential([
    new AveragePool2d({ kernelSize: 5, stride: 3 }),
    ...rectified(inputs, 128, 1, shared),
    new Flatten(),
    new Linear(128 * 4 * 4, 1024, shared),
    new ReLU(),
    new Dropout(0.7, shared),
    new Linear(1024, classes, shared),
  ]);
}

export interface GoogLeNetOptions extends ArchitectureOptions {
  /** Whether there are the two heads in the middle, which only training uses; false by default. */
  readonly auxiliary?: boolean;
}

/** See {@link googlenet}. */
export class GoogLeNet extends Module {
  readonly stem: Module;
  readonly inception3a: Module;
  readonly inception3b: Module;
  readonly inception4a: Module;
  readonly inception4b: Module;
  readonly inception4c: Module;
  readonly inception4d: Module;
  readonly inception4e: Module;
  readonly inception5a: Module;
  readonly inception5b: Module;
  readonly classifier: Module;
  readonly auxiliary1: Module | undefined;
  readonly auxiliary2: Module | undefined;

  constructor({ channels = 3, classes = 1000, auxiliary = false, ...shared }: GoogLeNetOptions = {}) {
    super();
    this.stem = new Sequential([
      new Conv2d(channels, 64, { kernelSize: 7, stride: 2, padding: 3, ...shared }),
      new ReLU(),
      halved(),
      new LocalResponseNormalization(),
      ...rectified(64, 64, 1, shared),
      ...rectified(64, 192, 3, shared),
      new LocalResponseNormalization(),
      halved(),
    ]);
    this.inception3a = inception(192, widths(64, 96, 128, 16, 32, 32), shared);
    this.inception3b = inception(256, widths(128, 128, 192, 32, 96, 64), shared);
    this.inception4a = inception(480, widths(192, 96, 208, 16, 48, 64), shared);
    this.inception4b = inception(512, widths(160, 112, 224, 24, 64, 64), shared);
    this.inception4c = inception(512, widths(128, 128, 256, 24, 64, 64), shared);
    this.inception4d = inception(512, widths(112, 144, 288, 32, 64, 64), shared);
    this.inception4e = inception(528, widths(256, 160, 320, 32, 128, 128), shared);
    this.inception5a = inception(832, widths(256, 160, 320, 32, 128, 128), shared);
    this.inception5b = inception(832, widths(384, 192, 384, 48, 128, 128), shared);
    this.classifier = new Sequential([
      new GlobalAveragePool(),
      new Dropout(0.4, shared),
      new Linear(1024, classes, shared),
    ]);
    this.auxiliary1 = auxiliary ? auxiliaryHead(512, classes, shared) : undefined;
    this.auxiliary2 = auxiliary ? auxiliaryHead(528, classes, shared) : undefined;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    return this.forwardAll(x, options)[0];
  }

  /**
   * The scores, then those of the two heads in the middle, if there are any; their losses count 0.3 each while training. The
   * heads want images of 224 × 224.
   */
  forwardAll(x: Tensor | Variable, options?: ForwardOptions): Tensor[] {
    const through = (value: Tensor, ...layers: readonly Module[]): Tensor =>
      layers.reduce((each, layer) => layer.forward(each, options), value);
    const third = through(this.stem.forward(x, options), this.inception3a, this.inception3b, halved());
    const first = through(third, this.inception4a);
    const second = through(first, this.inception4b, this.inception4c, this.inception4d);
    const fourth = through(second, this.inception4e, halved());
    const scores = through(fourth, this.inception5a, this.inception5b, this.classifier);
    if (this.auxiliary1 === undefined || this.auxiliary2 === undefined) return [scores];
    return [scores, through(first, this.auxiliary1), through(second, this.auxiliary2)];
  }
}

/**
 * GoogLeNet: nine inception modules, the mean of each channel instead of dense layers. Images of 224 × 224, 1000 classes by
 * default; 6,998,552 parameters, 13,378,280 with the heads in the middle. Szegedy et al. (2015), table 1.
 */
export function googlenet(options?: GoogLeNetOptions): GoogLeNet {
  return new GoogLeNet(options);
}

/** {@link googlenet} for images of about 24 × 24 to 48 × 48 and ten classes: a stem without stride, five narrow modules. */
export function smallGooglenet({
  channels = 3,
  classes = 10,
  ...shared
}: ArchitectureOptions = {}): ImageClassifier {
  const features = new Sequential([
    ...rectified(channels, 32, 3, shared),
    halved(),
    inception(32, widths(16, 16, 32, 4, 8, 8), shared),
    inception(64, widths(24, 24, 48, 8, 16, 8), shared),
    halved(),
    inception(96, widths(32, 32, 64, 8, 16, 16), shared),
    inception(128, widths(32, 32, 64, 8, 16, 16), shared),
    inception(128, widths(48, 48, 96, 8, 24, 24), shared),
    new GlobalAveragePool(),
  ]);
  const classifier = new Sequential([new Dropout(0.4, shared), new Linear(192, classes, shared)]);
  return new ImageClassifier(features, classifier);
}
