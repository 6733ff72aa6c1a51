import type { Augmentation, Dataset } from '@downhill/data';
import type { Module } from '@downhill/layers';
import type { Optimizer } from '@downhill/optimizers';
import { generator, type Generator } from '@downhill/tensor';
import { defineExperiment, type Experiment, type Plain } from './experiment.js';
import { learn, scoreOn, stepsPerEpoch, type Score } from './learn.js';
import { spreadOf } from './spread.js';

/** What decides how well a network learns to recognize pictures, and how well it should. */
export type RecognitionSettings = {
  /** Each starts from other weights and sees examples in another order. */
  readonly seeds: readonly number[];
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  /** The least mean accuracy on the test part for the claim to hold. */
  readonly bar: number;
} & { readonly [key: string]: Plain };

/** A network that is to recognize pictures it has not seen. */
export interface Recognition {
  readonly name: string;
  readonly claim: string;
  readonly method: string;
  readonly settings: RecognitionSettings;
  readonly load: () => Promise<{ readonly training: Dataset; readonly test: Dataset }>;
  readonly build: (source: Generator) => Module;
  /** For a training of that many steps. */
  readonly optimizer: (steps: number) => Optimizer;
  readonly augmentations?: readonly Augmentation[];
}

type Outcome = { readonly training: Score; readonly test: Score };

/** Trains once for each seed. What counts is the mean accuracy on the test part after the last epoch, which nothing else looks at. */
export function recognition({
  name,
  claim,
  method,
  settings,
  load,
  build,
  optimizer,
  augmentations,
}: Recognition): Experiment {
  const { seeds, epochs, batch, bar } = settings;
  const partOf = (seed: number): string => `seed ${seed}`;
  let data: ReturnType<typeof load> | undefined;
  return defineExperiment<Outcome>({
    name,
    claim,
    method,
    settings,
    parts: seeds.map(partOf),
    run: async (part, watch, shelf) => {
      data ??= load();
      const { training, test } = await data;
      const seed = seeds[seeds.map(partOf).indexOf(part)];
      const source = generator(seed);
      const model = build(source);
      const scores = await learn(
        {
          model,
          optimizer: optimizer(epochs * stepsPerEpoch(training, batch)),
          training,
          epochs,
          batch,
          seed,
          augmentations,
          generators: [source],
        },
        watch,
        shelf,
      );
      return { training: scores[epochs - 1], test: await scoreOn(model, test) };
    },
    conclude: (outcomes) => {
      const { mean, deviation, least, largest } = spreadOf(
        [...outcomes.values()].map(({ test }) => test.accuracy),
      );
      const spread =
        seeds.length === 1
          ? ''
          : `, the mean of ${seeds.length} seeds (from ${percent(least)} to ${percent(largest)}, standard deviation ${percent(deviation)})`;
      return {
        holds: mean >= bar,
        findings: [
          `After the last epoch ${percent(mean)} of the test pictures are recognized${spread} (expected: at least ${percent(bar)}).`,
        ],
        table: {
          head: ['run', 'training loss', 'training accuracy', 'test loss', 'test accuracy'],
          rows: [...outcomes].map(([part, { training, test }]) => [
            part,
            ...[training, test].flatMap(({ loss, accuracy }) => [loss.toFixed(4), percent(accuracy)]),
          ]),
        },
      };
    },
  });
}

/** A share as `97.90 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
