import { gradients } from '@downhill/autograd';
import { batches, type Batch, type Dataset } from '@downhill/data';
import { crossEntropy } from '@downhill/layers';
import type { Optimizer, OptimizerState } from '@downhill/optimizers';
import { argmax, compile, DownhillError, equal, sum, type Tensor, type Variable } from '@downhill/tensor';
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

/** What else can be told of a step, for each of the model's parameters in order. */
export interface StepInsides {
  /** ‖update‖ / ‖parameter‖; infinite for a parameter that was all zeros. */
  readonly updateRatios: readonly number[];
  readonly gradients: readonly Float32Array[];
}

/** What an exact resumption needs besides the network's own state. */
export interface TrainingState<Value extends Tensor | Variable = Tensor | Variable> {
  readonly steps: number;
  readonly optimizer: OptimizerState<Value>;
  /** How often the network's generator has been drawn from. */
  readonly draws: Value;
}

interface StepOutput {
  readonly loss: Tensor;
  readonly correct: Tensor;
}

interface InspectedOutput extends StepOutput {
  readonly updateRatios: readonly Tensor[];
  readonly gradients: readonly Tensor[];
}

/** A network in training: one compiled step over batches that never end. */
export class Trainer {
  readonly network: Network;
  readonly options: TrainingOptions;
  readonly #data: Dataset;
  readonly #optimizer: Optimizer;
  readonly #step: (images: Tensor, labels: Tensor) => StepOutput;
  readonly #inspectedStep: (images: Tensor, labels: Tensor) => InspectedOutput;
  readonly #evaluate: (images: Tensor, labels: Tensor) => StepOutput;
  #batches: Iterator<Batch> = [].values();
  #steps = 0;

  /**
   * `given` trains in place of the rule that the options name.
   *
   * @throws DownhillError for options that make no network or no rule.
   */
  constructor(options: TrainingOptions, data: Dataset, given?: Optimizer) {
    const { batchSize } = options;
    const count = data.labels.length;
    if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= count)) {
      throw new DownhillError(`batch size: expected a whole number from 1 to ${count}, got ${batchSize}`);
    }
    this.options = options;
    this.#data = data;
    this.network = buildNetwork(options.layers, data.shape, options);
    const { model } = this.network;
    const parameters = model.parameters();
    const learningRate = schedules[options.schedule].make(options.learningRate, options.steps);
    const optimizer = given ?? rules[options.rule].make({ ...options.options, learningRate });
    this.#optimizer = optimizer;
    const step = (images: Tensor, labels: Tensor) => {
      const logits = model.forward(images, { training: true });
      const loss = crossEntropy(logits, labels);
      const descents = gradients(loss, parameters);
      const report = optimizer.step(parameters, descents);
      return { loss, correct: countCorrect(logits, labels), descents, report };
    };
    this.#step = compile((images: Tensor, labels: Tensor) => {
      const { loss, correct } = step(images, labels);
      return { loss, correct };
    });
    this.#inspectedStep = compile((images: Tensor, labels: Tensor) => {
      const { loss, correct, descents, report } = step(images, labels);
      return { loss, correct, gradients: descents, updateRatios: report.updateRatios() };
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
    return this.#finish(this.#step(images, labels), labels);
  }

  /** Takes one step, and tells more of it; slower, for the gradients are copied out. */
  inspectedStep(): StepResult & StepInsides {
    const { images, labels } = this.#nextBatch();
    const output = this.#inspectedStep(images, labels);
    return {
      ...this.#finish(output, labels),
      updateRatios: output.updateRatios.map((ratio) => ratio.item()),
      gradients: output.gradients.map((gradient) => Float32Array.from(gradient.dataSync(), Number)),
    };
  }

  /** The state as it is now: the variables themselves, not copies. */
  state(): TrainingState<Variable> {
    return {
      steps: this.#steps,
      optimizer: this.#optimizer.state(),
      draws: this.network.generator.counter,
    };
  }

  /**
   * Goes on where another training with the same options stood: the next step sees the batch, the rate and the random numbers that
   * its next step would have seen. The network's own state is loaded apart, by `network.model.load`.
   *
   * @throws DownhillError, with nothing changed, for the state of another rule or of other parameters.
   */
  resume({ steps, optimizer, draws }: TrainingState): void {
    this.#optimizer.load(optimizer, this.network.model.parameters());
    this.network.generator.counter.assign(draws);
    this.#steps = steps;
    this.#batches = this.#epochAt(steps);
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

  #finish({ loss, correct }: StepOutput, labels: Tensor): StepResult {
    this.#steps++;
    return { loss: loss.item(), accuracy: correct.item() / labels.size };
  }

  #nextBatch(): Batch {
    let next = this.#batches.next();
    while (next.done === true) {
      this.#batches = this.#epochAt(this.#steps);
      next = this.#batches.next();
    }
    return next.value;
  }

  /** The batches that are left of the epoch after so many steps. */
  #epochAt(steps: number): Iterator<Batch> {
    const { batchSize: size, seed } = this.options;
    const inEpoch = Math.floor(this.#data.labels.length / size);
    const epoch = Math.floor(steps / inEpoch);
    const left = batches(this.#data, { size, seed, epoch, dropLast: true })[Symbol.iterator]();
    for (let i = 0; i < steps % inEpoch; i++) left.next();
    return left;
  }
}

/** How many rows have their largest score at the label. */
function countCorrect(logits: Tensor, labels: Tensor): Tensor {
  return sum(equal(argmax(logits, { axis: 1 }), labels));
}
