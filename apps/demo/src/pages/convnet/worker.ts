import type { Dataset } from '@downhill/data';
import { expose } from 'comlink';
import { startBackend } from '../../training/backend.js';
import { loadCheckpoint, saveCheckpoint, type SaveOptions } from '../../training/checkpoint.js';
import { loadDigits, type Digits } from '../../training/digits.js';
import { Examiner, type Examination } from '../../training/examination.js';
import { histogram } from '../../training/histogram.js';
import { floats, Inspector, weightOf, type Activation, type Filters } from '../../training/inspector.js';
import { loop, turn } from '../../training/loop.js';
import { SAMPLE, type LayerHistograms } from './layer-histograms.js';
import { Trainer, type StepInsides, type StepResult, type TrainingOptions } from '../../training/trainer.js';

/** What a training tells while it runs. */
export interface Report {
  readonly steps: number;
  /** Loss and accuracy of each step since the last report. */
  readonly results: readonly StepResult[];
  /** Over the time since the last report, examinations included. */
  readonly stepsPerSecond: number;
  /** How it does on held-out digits, where they were looked at. */
  readonly examination: Examination | undefined;
}

/** What there is to be seen of the network; only what is asked for is computed. */
export interface InsidesRequest {
  /** 28 × 28 values, 0 to 1. */
  readonly image: Float32Array;
  readonly filters: boolean;
  readonly activations: boolean;
  readonly updateRatios: boolean;
  /** The layer whose histograms are wanted. */
  readonly histogramsOf: number | undefined;
}

export interface Insides {
  readonly probabilities: Float32Array;
  readonly filters: Filters | undefined;
  readonly activations: readonly Activation[] | undefined;
  /** Of each layer with weights, in order, at the last step that was looked at; undefined before one was. */
  readonly updateRatios: { readonly steps: number; readonly ratios: readonly number[] } | undefined;
  readonly histograms: LayerHistograms | undefined;
  /** How long all this took. */
  readonly milliseconds: number;
}

/** Milliseconds between two reports. */
const REPORT_EVERY = 200;
/** Held-out digits are looked at again after this many times as long as it took: a sixth of the time goes there. */
const EXAMINATION_SHARE = 5;
/** And not more often than this, in milliseconds. */
const EXAMINE_EVERY = 1000;
/** Who hears of a training; training waits until it has been heard. */
type Listener = (report: Report) => void | Promise<void>;

/** A training and what looks into it. */
class Run {
  readonly #inspector: Inspector;
  readonly #examiner: Examiner;
  readonly #sample: Float32Array;
  #insides: (StepInsides & { readonly steps: number }) | undefined;
  /** Whether the next step is to be looked at. */
  #wanted = false;

  constructor(
    readonly trainer: Trainer,
    heldOut: Dataset,
  ) {
    this.#inspector = new Inspector(trainer.network, heldOut.shape);
    this.#examiner = new Examiner(trainer.network, heldOut);
    this.#sample = heldOut.images.slice(0, SAMPLE * 784);
  }

  async train(report: Listener, signal: AbortSignal): Promise<void> {
    const { trainer } = this;
    let results: StepResult[] = [];
    let reported = performance.now();
    let nextExamination = reported + EXAMINE_EVERY;
    let examined = -1;
    const examine = async (): Promise<Examination> => {
      const begin = performance.now();
      const isFirst = examined < 0;
      examined = trainer.steps;
      const examination = await this.#examiner.examine(turn);
      const end = performance.now();
      // The first takes longer, for it is compiled then.
      const share = isFirst ? 0 : EXAMINATION_SHARE * (end - begin);
      nextExamination = end + Math.max(EXAMINE_EVERY, share);
      return examination;
    };
    const tell = async (examination?: Examination): Promise<void> => {
      const now = performance.now();
      const heard = report({
        steps: trainer.steps,
        results,
        stepsPerSecond: (results.length * 1000) / (now - reported),
        examination,
      });
      reported = now;
      results = [];
      await heard;
    };
    if (trainer.steps < trainer.options.steps) {
      await loop(
        () => {
          results.push(this.#step());
          // What is no number any more will never be one again.
          return trainer.steps < trainer.options.steps && Number.isFinite(results.at(-1)?.loss);
        },
        async () => {
          if (performance.now() >= nextExamination) await tell(await examine());
          else if (performance.now() - reported >= REPORT_EVERY) await tell();
        },
        signal,
      );
    }
    await tell(examined === trainer.steps ? undefined : await examine());
  }

  inspect(request: InsidesRequest): Insides {
    const begin = performance.now();
    this.#wanted ||= request.updateRatios || request.histogramsOf !== undefined;
    return {
      probabilities: this.#inspector.read(request.image),
      filters: request.filters ? this.#inspector.filters() : undefined,
      activations: request.activations ? this.#inspector.activations(request.image) : undefined,
      updateRatios: request.updateRatios ? this.#updateRatios() : undefined,
      histograms: request.histogramsOf === undefined ? undefined : this.#histograms(request.histogramsOf),
      milliseconds: performance.now() - begin,
    };
  }

  #step(): StepResult {
    if (!this.#wanted) return this.trainer.step();
    this.#wanted = false;
    const step = this.trainer.inspectedStep();
    this.#insides = { ...step, steps: this.trainer.steps };
    return step;
  }

  #updateRatios(): Insides['updateRatios'] {
    const insides = this.#insides;
    if (insides === undefined) return undefined;
    const { model, layers } = this.trainer.network;
    const parameters = model.parameters();
    const weights = layers.map(weightOf).filter((weight) => weight !== undefined);
    return {
      steps: insides.steps,
      ratios: weights.map((weight) => insides.updateRatios[parameters.indexOf(weight)]),
    };
  }

  #histograms(layer: number): LayerHistograms | undefined {
    const { model, layers } = this.trainer.network;
    if (layer >= layers.length) return undefined;
    const weight = weightOf(layers[layer]);
    const gradients = this.#insides?.gradients;
    return {
      weights: weight === undefined ? undefined : histogram(floats(weight.value)),
      gradients:
        weight === undefined || gradients === undefined
          ? undefined
          : histogram(gradients[model.parameters().indexOf(weight)]),
      activations: histogram(this.#inspector.activations(this.#sample)[layer].values),
    };
  }
}

let digits: Digits | undefined;
let run: Run | undefined;
let training: Promise<void> = Promise.resolve();
let stop = new AbortController();

function wantDigits(): Digits {
  if (digits === undefined) throw new Error('the digits have not been loaded');
  return digits;
}

function wantRun(): Run {
  if (run === undefined) throw new Error('there is no network yet');
  return run;
}

const api = {
  /** Loads the digits from `folder`, and tells how many threads there are. */
  async open(folder: string): Promise<{ readonly threads: number; readonly heldOut: number }> {
    const [threads, loaded] = await Promise.all([startBackend(), loadDigits(folder)]);
    digits = loaded;
    return { threads, heldOut: loaded.heldOut.labels.length };
  },

  /** A held-out digit. */
  digit(index: number): { readonly image: Float32Array; readonly label: number } {
    const { images, labels } = wantDigits().heldOut;
    return { image: images.slice(index * 784, (index + 1) * 784), label: labels[index] };
  },

  /** Makes a new network, and forgets the one before; rejects, with nothing changed, where the options make none. */
  async build(options: TrainingOptions): Promise<void> {
    const { training, heldOut } = wantDigits();
    const next = new Run(new Trainer(options, training), heldOut);
    await api.pause();
    run = next;
  },

  /** Trains until the last of the options' steps, until it is told to pause, or until the loss is no number. */
  async train(report: Listener): Promise<void> {
    await api.pause();
    stop = new AbortController();
    training = wantRun().train(report, stop.signal);
    await training;
  },

  /** Resolves when the training stands still. */
  async pause(): Promise<void> {
    stop.abort();
    await training.catch(() => {
      // Told to whoever began it.
    });
  },

  inspect(request: InsidesRequest): Insides {
    return wantRun().inspect(request);
  },

  save(options: SaveOptions): Promise<Blob> {
    return saveCheckpoint(wantRun().trainer, options);
  },

  /** Goes on with the training of a file; rejects, with nothing changed, where the file is none. */
  async load(
    bytes: Uint8Array,
    source: string,
  ): Promise<{ readonly options: TrainingOptions; readonly steps: number }> {
    const { training, heldOut } = wantDigits();
    const trainer = loadCheckpoint(bytes, source, training);
    const next = new Run(trainer, heldOut);
    await api.pause();
    run = next;
    return { options: trainer.options, steps: trainer.steps };
  },
};

export type ConvnetWorker = typeof api;

expose(api);
