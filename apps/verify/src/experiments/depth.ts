import { smallResnet } from '@downhill/convnets';
import { split } from '@downhill/data';
import { momentum } from '@downhill/optimizers';
import { cosine } from '@downhill/schedules';
import { generator } from '@downhill/tensor';
import { halved, loadDigits } from '../digits.js';
import { defineExperiment, type Experiment } from '../experiment.js';
import { learn, scoreOn, stepsPerEpoch, type Score } from '../learn.js';
import { percent } from '../recognition.js';
import { spreadOf } from '../spread.js';

/** How a network did in each epoch of its training, and on the test part in the end. */
type Outcome = { readonly epochs: readonly Score[]; readonly test: Score };

const FULL = {
  /** Of the training digits, so many are learnt from. */
  digits: 8000,
  /** Layers of the networks that are compared. */
  depths: [20, 56],
  width: 8,
  seeds: [1, 2, 3],
  epochs: 3,
  batch: 50,
  learningRate: 0.1,
};

async function loadHalved(digits: number): ReturnType<typeof loadDigits> {
  const { training, test } = await loadDigits({ flat: false });
  const [taken] = split(training, { counts: [digits, training.labels.length - digits], seed: 0 });
  return { training: await halved(taken), test: await halved(test) };
}

/** Networks of 20 and 56 layers on MNIST's digits at half their resolution, with shortcuts and without. */
export function depth(settings: typeof FULL = FULL): Experiment {
  const { digits, depths, width, seeds, epochs, batch, learningRate } = settings;
  const kinds = [true, false].flatMap((shortcuts) =>
    depths.map((layers) => ({ layers, shortcuts, name: `${shortcuts ? 'residual' : 'plain'} ${layers}` })),
  );
  const partOf = (name: string, seed: number): string => `${name}, seed ${seed}`;
  const runs = new Map(
    kinds.flatMap((kind) => seeds.map((seed) => [partOf(kind.name, seed), { ...kind, seed }] as const)),
  );
  const [shallow, deep] = [depths[0], depths[depths.length - 1]];
  let data: ReturnType<typeof loadDigits> | undefined;

  return defineExperiment<Outcome>({
    name: 'depth',
    claim:
      `A residual network of ${deep} layers trains better than a plain one of as many layers and parameters, which trains worse than ` +
      `a plain one of ${shallow} (He et al., Deep residual learning for image recognition, 2016, section 4.2).`,
    method:
      `Networks of three stages with ${width}, ${2 * width} and ${4 * width} channels, with batch normalization after each convolution, learn ${digits} of MNIST's digits, 14 by 14 ` +
      `pixels, for ${epochs} epochs (momentum, batches of ${batch}, a rate of ${learningRate} that falls to 0 along a cosine). Residual and plain ones start from the ` +
      'same weights and see the same batches. The training loss is the mean over an epoch, of each batch before it was learnt from.',
    settings,
    parts: [...runs.keys()],
    run: async (part, watch) => {
      data ??= loadHalved(digits);
      const { training, test } = await data;
      const { layers, shortcuts, seed } = runs.get(part) ?? { layers: NaN, shortcuts: true, seed: NaN };
      const model = smallResnet(layers, { channels: 1, width, shortcuts, generator: generator(seed) });
      const steps = epochs * stepsPerEpoch(training, batch);
      const optimizer = momentum({ learningRate: cosine({ initial: learningRate, steps }) });
      const scores = await learn({ model, optimizer, training, epochs, batch, seed }, watch);
      return { epochs: scores, test: await scoreOn(model, test) };
    },
    conclude: (outcomes) => {
      const found = kinds.map(({ name }) => {
        const ends = seeds.flatMap((seed) => outcomes.get(partOf(name, seed)) ?? []);
        const meanOf = (value: (outcome: Outcome) => number): number => spreadOf(ends.map(value)).mean;
        return {
          name,
          losses: Array.from({ length: epochs }, (_, epoch) => meanOf((end) => end.epochs[epoch].loss)),
          training: meanOf((end) => end.epochs[epochs - 1].accuracy),
          test: meanOf((end) => end.test.accuracy),
        };
      });
      const lossOf = (name: string): number =>
        found.find((each) => each.name === name)?.losses[epochs - 1] ?? NaN;
      const [residual, plain, plainShallow] = [`residual ${deep}`, `plain ${deep}`, `plain ${shallow}`].map(
        lossOf,
      );
      return {
        holds: residual < plain && plainShallow < plain,
        findings: [
          `In the last epoch the mean training loss of ${deep} layers is ${residual.toFixed(4)} with shortcuts and ${plain.toFixed(4)} without ` +
            `(expected: less with them); of ${shallow} layers without shortcuts it is ${plainShallow.toFixed(4)} (expected: less than of ${deep}).`,
        ],
        table: {
          head: [
            'network',
            ...Array.from({ length: epochs }, (_, epoch) => `training loss, epoch ${epoch + 1}`),
            'training accuracy',
            'test accuracy',
          ],
          rows: found.map(({ name, losses, training, test }) => [
            name,
            ...losses.map((loss) => loss.toFixed(4)),
            percent(training),
            percent(test),
          ]),
        },
      };
    },
  });
}
