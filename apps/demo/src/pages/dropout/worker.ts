import type { Dataset } from '@downhill/data';
import { Module, softmax, type ForwardOptions } from '@downhill/layers';
import { monteCarlo } from '@downhill/regularization';
import { tensor, type Tensor, type Variable } from '@downhill/tensor';
import { expose } from 'comlink';
import { startBackend } from '../../training/backend.js';
import { loadDigits } from '../../training/digits.js';
import type { RunsWorker } from '../../training/runs.js';
import { trainTogether } from '../../training/together.js';
import { Trainer } from '../../training/trainer.js';

/** Digits that are held out are so many, to be quick about it. */
const HELD_OUT = 1000;
const EVALUATE_EVERY = 25;
/** Place of the training whose network is asked: the one with dropout. */
const DROPOUT = 1;

/** What a network with dropout says of one digit, by one scaled pass and by the average of many that drop. */
export interface Reading {
  /** Its pixels, 28 × 28, 0 (paper) to 1 (ink). */
  readonly image: Float32Array;
  readonly label: number;
  /** Probabilities of the ten classes. */
  readonly scaled: readonly number[];
  readonly average: readonly number[];
  /** The standard deviation over the passes, class by class. */
  readonly spread: readonly number[];
}

export interface DropoutWorker extends RunsWorker {
  /** How many digits are trained on, from the next training on. */
  useDigits(count: number): void;
  /** Of the held-out digit at `index`; undefined where there is none, and before there is a network. `passes` is at least 2. */
  read(index: number, passes: number): Reading | undefined;
}

/** The class probabilities that a network gives. */
class Probabilities extends Module {
  constructor(readonly model: Module) {
    super();
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    return softmax(this.model.forward(x, options), { axis: 1 });
  }
}

let running = new AbortController();
let count = 500;
let trained: { readonly model: Module; readonly heldOut: Dataset } | undefined;

const api: DropoutWorker = {
  useDigits(digits) {
    count = digits;
  },
  async train(folder, runs, report) {
    running.abort();
    const { signal } = (running = new AbortController());
    await startBackend(1);
    const digits = await loadDigits(folder);
    const training = first(digits.training, count);
    const heldOut = first(digits.heldOut, HELD_OUT);
    const trainers = runs.map((options) => new Trainer(options, training));
    trained = { model: new Probabilities(trainers[DROPOUT].network.model), heldOut };
    await trainTogether(trainers, { training, heldOut, evaluateEvery: EVALUATE_EVERY }, report, signal);
  },
  stop() {
    running.abort();
  },
  read(index, passes) {
    if (trained === undefined || !(index in trained.heldOut.labels)) return undefined;
    const { model, heldOut } = trained;
    const image = heldOut.images.slice(index * 784, (index + 1) * 784);
    const x = tensor(image, { shape: [1, ...heldOut.shape] });
    const { mean, spread } = monteCarlo(model, { passes })(x);
    return {
      image,
      label: heldOut.labels[index],
      scaled: numbers(model.forward(x)),
      average: numbers(mean),
      spread: numbers(spread),
    };
  },
};

function numbers(values: Tensor): number[] {
  return Array.from(values.dataSync(), Number);
}

function first({ shape, images, labels }: Dataset, count: number): Dataset {
  return { shape, images: images.slice(0, count * 784), labels: labels.slice(0, count) };
}

expose(api);
