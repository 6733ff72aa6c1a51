import { mnistDigits, split, type Dataset } from '@downhill/data';
import { Linear, ReLU, Sequential } from '@downhill/layers';
import { adam } from '@downhill/optimizers';
import { exponentialDecay } from '@downhill/schedules';
import { generator } from '@downhill/tensor';
import { halved } from '../digits.js';
import { defineExperiment, type Experiment } from '../experiment.js';
import { learn, scoreOn, stepsPerEpoch } from '../learn.js';
import { spreadOf } from '../spread.js';

/** The mean losses at the end of one training. */
type Outcome = { readonly training: number; readonly heldOut: number };

const FULL = {
  /** Units in the hidden layer. */
  widths: [4, 8, 16, 32, 64, 128, 256],
  /** Each draws other weights; the order of digits is that of `orderSeed` in every run. */
  seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  orderSeed: 0,
  splitSeed: 0,
  counts: [8000, 2000],
  epochs: 30,
  batch: 100,
  learningRate: 3e-3,
};

/** Networks with one hidden layer, from different random weights, on MNIST's digits at half their resolution. */
export function differentStarts(settings: typeof FULL = FULL): Experiment {
  const { widths, seeds, orderSeed, counts, epochs, batch, learningRate } = settings;
  const partOf = (width: number, seed: number): string => `width ${width}, seed ${seed}`;
  const runs = new Map(
    widths.flatMap((width) => seeds.map((seed) => [partOf(width, seed), { width, seed }] as const)),
  );
  let data: Promise<Dataset[]> | undefined;

  return defineExperiment<Outcome>({
    name: 'different-starts',
    claim:
      'Networks started from different random weights end at about the same loss, and the spread shrinks as they grow ' +
      'wider (Choromanska et al., The loss surfaces of multilayer networks, 2015).',
    method:
      `Networks 196-w-10 with rectifiers learn ${counts[0]} of MNIST's digits, 14 by 14 pixels, for ${epochs} epochs ` +
      `(Adam, batches of ${batch}, a rate of ${learningRate} that falls to a hundredth). Runs of one width differ in nothing ` +
      `but their first weights: ${seeds.length} seeds each. The loss is the mean cross entropy of the ${counts[1]} digits held out.`,
    settings,
    parts: [...runs.keys()],
    run: async (part, watch) => {
      data ??= loadHalved(settings);
      const [training, heldOut] = await data;
      const { width, seed } = runs.get(part) ?? { width: NaN, seed: NaN };
      const source = { generator: generator(seed) };
      const model = new Sequential([
        new Linear(196, width, source),
        new ReLU(),
        new Linear(width, 10, source),
      ]);
      const steps = epochs * stepsPerEpoch(training, batch);
      const optimizer = adam({
        learningRate: exponentialDecay({ initial: learningRate, rate: 0.01, every: steps }),
      });
      await learn({ model, optimizer, training, epochs, batch, seed: orderSeed }, watch);
      const [end, unseen] = [await scoreOn(model, training), await scoreOn(model, heldOut)];
      return { training: end.loss, heldOut: unseen.loss };
    },
    conclude: (outcomes) => {
      const found = widths.map((width) => {
        const ends = seeds.flatMap((seed) => outcomes.get(partOf(width, seed)) ?? []);
        return {
          width,
          training: spreadOf(ends.map(({ training }) => training)),
          heldOut: spreadOf(ends.map(({ heldOut }) => heldOut)),
        };
      });
      const [narrow, wide] = [found[0], found[found.length - 1]];
      const shrinks = narrow.heldOut.deviation / wide.heldOut.deviation;
      const relative = wide.heldOut.deviation / wide.heldOut.mean;
      return {
        holds: shrinks >= 3 && relative <= 0.1,
        findings: [
          `From width ${narrow.width} to ${wide.width} the standard deviation of the held-out loss over starts falls from ` +
            `${narrow.heldOut.deviation.toFixed(4)} to ${wide.heldOut.deviation.toFixed(4)}: to 1/${shrinks.toFixed(1)} ` +
            '(expected: to a third or less).',
          `At width ${wide.width} it is ${(100 * relative).toFixed(1)} % of the mean loss (expected: at most 10 %).`,
        ],
        table: {
          head: ['width', 'held-out loss', 'deviation', 'least', 'largest', 'training loss', 'deviation'],
          rows: found.map(({ width, training, heldOut }) => [
            String(width),
            ...[heldOut.mean, heldOut.deviation, heldOut.least, heldOut.largest].map((each) =>
              each.toFixed(4),
            ),
            ...[training.mean, training.deviation].map((each) => each.toFixed(4)),
          ]),
        },
      };
    },
  });
}

/** The digits at half their resolution, split in two. */
async function loadHalved({ counts, splitSeed }: typeof FULL): Promise<Dataset[]> {
  const digits = await halved(await mnistDigits());
  const rest = digits.labels.length - counts.reduce((sum, count) => sum + count);
  return split(digits, { counts: [...counts, rest], seed: splitSeed });
}
