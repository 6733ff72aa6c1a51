import { BatchNorm1d, Linear, ReLU, Sequential, type Module } from '@downhill/layers';
import { sgd } from '@downhill/optimizers';
import { generator } from '@downhill/tensor';
import { loadDigits } from '../digits.js';
import { defineExperiment, type Experiment } from '../experiment.js';
import { learn, scoreOn } from '../learn.js';
import { percent } from '../recognition.js';
import { spreadOf } from '../spread.js';

const KINDS = ['plain', 'normalized'] as const;
type Kind = (typeof KINDS)[number];

/** The mean loss of the last epoch, null if it is no number any more, and the share of test digits recognized. */
type Outcome = { readonly loss: number | null; readonly accuracy: number };

const FULL = {
  width: 100,
  hiddenLayers: 4,
  learningRates: [0.03, 0.1, 0.3, 1, 3],
  seeds: [1, 2, 3],
  epochs: 3,
  batch: 100,
};

/** The loss of somebody who says that all ten digits are equally likely. */
const CHANCE = Math.log(10);

/** The same network with batch normalization and without, at rates that grow. */
export function largeRates(settings: typeof FULL = FULL): Experiment {
  const { width, hiddenLayers, learningRates, seeds, epochs, batch } = settings;
  const partOf = (kind: Kind, rate: number, seed: number): string => `${kind}, rate ${rate}, seed ${seed}`;
  const runs = new Map(
    KINDS.flatMap((kind) =>
      learningRates.flatMap((rate) =>
        seeds.map((seed) => [partOf(kind, rate, seed), { kind, rate, seed }] as const),
      ),
    ),
  );
  let data: ReturnType<typeof loadDigits> | undefined;

  function build(kind: Kind, seed: number): Module {
    const source = { generator: generator(seed) };
    const hidden = Array.from({ length: hiddenLayers }, (_, i) => [
      new Linear(i === 0 ? 784 : width, width, source),
      ...(kind === 'normalized' ? [new BatchNorm1d(width)] : []),
      new ReLU(),
    ]);
    return new Sequential([...hidden.flat(), new Linear(width, 10, source)]);
  }

  return defineExperiment<Outcome>({
    name: 'large-rates',
    claim:
      'With batch normalization a network learns at a learning rate at which the same network without it diverges ' +
      '(Ioffe & Szegedy, Batch normalization, 2015, section 3.3).',
    method:
      `Networks with ${hiddenLayers} hidden layers of ${width} rectifiers, with batch normalization before each or without, learn 8,000 of MNIST's digits for ` +
      `${epochs} epochs by gradient descent with a constant rate (batches of ${batch}). Both kinds start from the same weights and see the same batches, ` +
      `${seeds.length} seeds each. A run has diverged if its loss in the last epoch is no number, or not below that of guessing, ln 10.`,
    settings,
    parts: [...runs.keys()],
    run: async (part, watch) => {
      data ??= loadDigits();
      const { training, test } = await data;
      const { kind, rate, seed } = runs.get(part) ?? { kind: 'plain', rate: NaN, seed: NaN };
      const model = build(kind, seed);
      const optimizer = sgd({ learningRate: rate });
      const scores = await learn({ model, optimizer, training, epochs, batch, seed }, watch);
      const { loss } = scores[epochs - 1];
      return {
        loss: Number.isFinite(loss) ? loss : null,
        accuracy: (await scoreOn(model, test)).accuracy,
      };
    },
    conclude: (outcomes) => {
      const found = learningRates.map((rate) => {
        const [plain, normalized] = KINDS.map((kind) => {
          const ends = seeds.flatMap((seed) => outcomes.get(partOf(kind, rate, seed)) ?? []);
          const diverged = ends.filter(({ loss }) => loss === null || loss >= CHANCE).length;
          return { diverged, accuracy: spreadOf(ends.map(({ accuracy }) => accuracy)) };
        });
        return { rate, plain, normalized };
      });
      const telling = found.filter(
        ({ plain, normalized }) => plain.diverged === seeds.length && normalized.accuracy.least >= 0.9,
      );
      const rates = telling.map(({ rate }) => rate).join(' and ');
      return {
        holds: telling.length > 0,
        findings: [
          telling.length > 0
            ? `At a rate of ${rates} all plain networks diverge, and all with batch normalization recognize at least 90 % of the test digits.`
            : 'There is no rate at which all plain networks diverge and all with batch normalization recognize 90 % of the test digits.',
        ],
        table: {
          head: ['rate', 'plain: diverged', 'test accuracy', 'normalized: diverged', 'test accuracy'],
          rows: found.map(({ rate, plain, normalized }) => [
            String(rate),
            ...[plain, normalized].flatMap(({ diverged, accuracy }) => [
              `${diverged} of ${seeds.length}`,
              percent(accuracy.mean),
            ]),
          ]),
        },
      };
    },
  });
}
