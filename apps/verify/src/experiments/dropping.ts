import { Linear, ReLU, Sequential, type Module } from '@downhill/layers';
import { adam } from '@downhill/optimizers';
import { DropConnect, Dropout } from '@downhill/regularization';
import { cosine } from '@downhill/schedules';
import { generator } from '@downhill/tensor';
import { split } from '@downhill/data';
import { loadDigits } from '../digits.js';
import { defineExperiment, type Experiment } from '../experiment.js';
import { learn, scoreOn, stepsPerEpoch, type Score } from '../learn.js';
import { percent } from '../recognition.js';
import { spreadOf } from '../spread.js';

const WAYS = ['nothing', 'dropout', 'DropConnect'] as const;
type Way = (typeof WAYS)[number];
type Outcome = { readonly training: Score; readonly test: Score };

const FULL = {
  /** Of the training digits, so many are learnt from. */
  digits: 2000,
  width: 500,
  /** The share that is dropped of the pixels, and of the hidden units or their weights. */
  inputRate: 0.2,
  rate: 0.5,
  /** Masks of DropConnect for each batch. */
  masks: 5,
  seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  epochs: 40,
  batch: 100,
  learningRate: 3e-3,
};

/** A large network with few digits to learn from: with dropout, with DropConnect, with neither. */
export function dropping(settings: typeof FULL = FULL): Experiment {
  const { digits, width, inputRate, rate, masks, seeds, epochs, batch, learningRate } = settings;
  const partOf = (way: Way, seed: number): string => `${way}, seed ${seed}`;
  const runs = new Map(
    seeds.flatMap((seed) => WAYS.map((way) => [partOf(way, seed), { way, seed }] as const)),
  );
  let data: ReturnType<typeof loadDigits> | undefined;

  /** The weights depend on the seed alone; masks are drawn from a source of their own. */
  function build(way: Way, seed: number): Module {
    const source = { generator: generator(seed) };
    const masked = { generator: generator(1000 + seed) };
    const [first, second, last] = [
      new Linear(784, width, source),
      new Linear(width, width, source),
      new Linear(width, 10, source),
    ];
    const hidden = (layer: Linear): Module[] => {
      if (way === 'nothing') return [layer, new ReLU()];
      if (way === 'dropout') return [layer, new ReLU(), new Dropout(rate, masked)];
      return [new DropConnect(layer, rate, { ...masked, masks }), new ReLU()];
    };
    const input = way === 'dropout' ? [new Dropout(inputRate, masked)] : [];
    return new Sequential([...input, ...hidden(first), ...hidden(second), last]);
  }

  return defineExperiment<Outcome>({
    name: 'dropping',
    claim:
      `Where there are few digits to learn from, dropout makes a large network better, by at least 0.3 points (Srivastava et al. 2014), and ` +
      'DropConnect makes it at least not worse, by more than 0.2 (Wan et al. 2013).',
    method:
      `Networks 784-${width}-${width}-10 with rectifiers learn ${digits} of MNIST's digits for ${epochs} epochs (Adam, batches of ${batch}, a rate of ` +
      `${learningRate} that falls to 0 along a cosine). Dropout drops ${inputRate} of the pixels and ${rate} of the hidden units, DropConnect ${rate} of ` +
      `the weights of the first two layers, with ${masks} masks a batch and the mean network when testing. For each of ${seeds.length} seeds the three ` +
      'start from the same weights and see the same batches. Settings were chosen with the other 6,000 training digits; the 2,000 test digits ' +
      'are looked at once, at the end.',
    settings,
    parts: [...runs.keys()],
    run: async (part, watch) => {
      data ??= loadDigits();
      const { training: all, test } = await data;
      const [training] = split(all, { counts: [digits, all.labels.length - digits], seed: 0 });
      const { way, seed } = runs.get(part) ?? { way: 'nothing', seed: NaN };
      const model = build(way, seed);
      const steps = epochs * stepsPerEpoch(training, batch);
      const optimizer = adam({ learningRate: cosine({ initial: learningRate, steps }) });
      const scores = await learn({ model, optimizer, training, epochs, batch, seed }, watch);
      return { training: scores[epochs - 1], test: await scoreOn(model, test) };
    },
    conclude: (outcomes) => {
      const ends = (way: Way): Outcome[] => seeds.flatMap((seed) => outcomes.get(partOf(way, seed)) ?? []);
      const none = ends('nothing');
      const gainOf = (way: Way) =>
        spreadOf(ends(way).map(({ test }, i) => test.accuracy - none[i].test.accuracy));
      const [dropout, dropConnect] = [gainOf('dropout'), gainOf('DropConnect')];
      const sentence = (way: Way, { mean, deviation, least, largest }: typeof dropout, expected: string) =>
        `With ${way} the accuracy changes by ${points(mean)} points, the mean of ${seeds.length} pairs (from ${points(least)} to ` +
        `${points(largest)}, standard deviation ${points(deviation)}; expected: ${expected}).`;
      return {
        holds: dropout.mean >= 0.003 && dropConnect.mean >= -0.002,
        findings: [
          sentence('dropout', dropout, 'at least 0.3'),
          sentence('DropConnect', dropConnect, 'at least -0.2'),
        ],
        table: {
          head: ['dropped', 'training loss', 'test loss', 'test accuracy', 'deviation', 'least', 'largest'],
          rows: WAYS.map((way) => {
            const accuracy = spreadOf(ends(way).map(({ test }) => test.accuracy));
            return [
              way,
              spreadOf(ends(way).map(({ training }) => training.loss)).mean.toFixed(4),
              spreadOf(ends(way).map(({ test }) => test.loss)).mean.toFixed(4),
              ...[accuracy.mean, accuracy.deviation, accuracy.least, accuracy.largest].map(percent),
            ];
          }),
        },
      };
    },
  });
}

/** A difference of shares in points of a hundred. */
function points(share: number): string {
  return (100 * share).toFixed(2);
}
