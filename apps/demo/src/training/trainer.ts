import { gradients } from '@downhill/autograd';
import { batches, type Batch, type Dataset } from '@downhill/data';
import { crossEntropy } from '@downhill/layers';
import { argmax, compile, equal, sum, type Tensor } from '@downhill/tensor';
import { buildNetwork, type Network } from '../network/layers.js';
import { rules } from '../network/rules.js';
import { schedules } from '../network/schedules.js';

/** Everything that a training is made from; plain data, so that a page can send it to a worker. */
export interface TrainingOptions {
  /** See `parseLayers`. */
  readonly layers: string;
  readonly initializer: string;
  /** Of the weights, the batches, and what drops at random. */
  readonly seed: number;
  /** One of `rules`. */
  readonly rule: string;
  /** The rule's other options, where they differ from its defaults. */
  readonly options?: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** One of `schedules`. */
  readonly schedule: string;
  /** The steps that the schedule is stretched over. */
  readonly steps: number;
  readonly batchSize: number;
}

/** How a step went: its loss and the share of its batch that was right, before the update. */
export interface StepResult {
  readonly loss: number;
  readonly accuracy: number;
}

/** A network in training: one compiled step over batches that never end. */
export class Trainer {
  readonly network: Network;
  readonly options: TrainingOptions;
  readonly #data: Dataset;
  readonly #step: (images: Tensor, labels: Tensor) => { loss: Tensor; correct: Tensor };
  readonly #evaluate: (images: Tensor, labels: Tensor) => { loss: Tensor; correct: Tensor };
  #epoch = -1;
  #batches: Iterator<Batch> = [].values();
  #steps = 0;

  /** @throws DownhillError for options that make no network or no rule. */
  constructor(options: TrainingOptions, data: Dataset) {
    this.options = options;
    this.#data = data;
    this.network = buildNetwork(options.layers, data.shape, options);
    const { model } = this.network;
    const parameters = model.parameters();
    const learningRate = schedules[options.schedule].make(options.learningRate, options.steps);
    const optimizer = rules[options.rule].make({ ...options.options, learningRate });
    this.#step = compile((images: Tensor, labels: Tensor) => {
      const logits = model.forward(images, { training: true });
      const loss = crossEntropy(logits, labels);
      optimizer.step(parameters, gradients(loss, parameters));
      return { loss, correct: countCorrect(logits, labels) };
    });
    this.#evaluate = compile((images: Tensor, labels: Tensor) => {
      const logits = model.forward(images);
      return { loss: crossEntropy(logits, labels), correct: countCorrect(logits, labels) };
    });
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Takes one step. */
  step(): StepResult {
    const { images, labels } = this.#nextBatch();
    const { loss, correct } = this.#step(images, labels);
    this.#steps++;
    return { loss: loss.item(), accuracy: correct.item() / labels.size };
  }

  /** Loss and accuracy over all examples, without learning from them. */
  evaluate(data: Dataset): StepResult {
    let loss = 0;
    let correct = 0;
    for (const { images, labels } of batches(data, { size: 500, shuffle: false })) {
      const result = this.#evaluate(images, labels);
      loss += result.loss.item() * labels.size;
      correct += result.correct.item();
    }
    const count = data.labels.length;
    return { loss: loss / count, accuracy: correct / count };
  }

  #nextBatch(): Batch {
    const next = this.#batches.next();
    if (next.done !== true) return next.value;
    const { batchSize: size, seed } = this.options;
    this.#batches = batches(this.#data, { size, seed, epoch: ++this.#epoch, dropLast: true })[
      Symbol.iterator
    ]();
    return this.#nextBatch();
  }
}

/** How many rows have their largest score at the label. */
function countCorrect(logits: Tensor, labels: Tensor): Tensor {
  return sum(equal(argmax(logits, { axis: 1 }), labels));
}
