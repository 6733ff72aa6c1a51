import { performance } from 'node:perf_hooks';
import { gradients } from '@downhill/autograd';
import { resnet } from '@downhill/convnets';
import { batches } from '@downhill/data';
import { crossEntropy } from '@downhill/layers';
import { momentum } from '@downhill/optimizers';
import { compile, generator, pad, type Tensor } from '@downhill/tensor';
import { loadDigits } from '../digits.js';
import { defineExperiment, type Experiment } from '../experiment.js';

type Outcome = {
  readonly parameters: number;
  /** Before each step. */
  readonly losses: readonly number[];
  /** The most memory that the process has had so far. */
  readonly peakBytes: number;
  /** Of the first step, which is compiled, and of the last. */
  readonly seconds: readonly [first: number, last: number];
};

const FULL = { batch: 8, steps: 3, learningRate: 0.01, seed: 1, mostBytes: 4 * 2 ** 30 };

/** The deepest of the published networks, trained for a few steps on small images. */
export function resnet152Memory(settings: typeof FULL = FULL): Experiment {
  const { batch, steps, learningRate, seed, mostBytes } = settings;
  return defineExperiment<Outcome>({
    name: 'resnet152-memory',
    claim: 'ResNet-152 does training steps on small images in less than 4 GB of memory.',
    method:
      `The network of 152 layers with ten classes learns the same ${batch} of MNIST's digits, in the middle of three channels of 32 by 32, in ${steps} ` +
      `steps (momentum, a rate of ${learningRate}). Memory is the largest resident set of the whole process, of everything it did before too.`,
    settings,
    parts: ['training'],
    run: async (_, watch) => {
      const { training } = await loadDigits({ flat: false });
      const [{ images, labels }] = batches(training, { size: batch, seed });
      const input = pad(images, [
        [0, 0],
        [0, 0],
        [2, 2],
        [2, 2],
      ]).expand([batch, 3, 32, 32]);
      const model = resnet(152, { classes: 10, generator: generator(seed) });
      const parameters = model.parameters();
      const optimizer = momentum({ learningRate });
      const step = compile((x: Tensor, y: Tensor) => {
        const loss = crossEntropy(model.forward(x, { training: true }), y);
        optimizer.step(parameters, gradients(loss, parameters));
        return loss;
      });
      const losses: number[] = [];
      const seconds: number[] = [];
      for (let done = 1; done <= steps; done++) {
        const start = performance.now();
        losses.push((await step(input, labels).data())[0]);
        seconds.push((performance.now() - start) / 1000);
        await watch(done / steps, `loss ${losses[done - 1].toFixed(4)}`);
      }
      return {
        parameters: parameters.reduce((sum, { size }) => sum + size, 0),
        losses,
        peakBytes: process.resourceUsage().maxRSS * 1024,
        seconds: [seconds[0], seconds[steps - 1]],
      };
    },
    conclude: (outcomes) => {
      const rows = [...outcomes.values()];
      const peak = Math.max(...rows.map(({ peakBytes }) => peakBytes));
      return {
        holds: peak < mostBytes && rows.every(({ losses }) => losses.every(Number.isFinite)),
        findings: [
          `At its most the process had ${gigabytes(peak)} (expected: less than ${gigabytes(mostBytes)}).`,
        ],
        table: {
          head: ['parameters', 'loss before', 'loss in the end', 'memory', 'first step', 'last step'],
          rows: rows.map(({ parameters, losses, peakBytes, seconds }) => [
            parameters.toLocaleString('en'),
            losses[0].toFixed(4),
            losses[losses.length - 1].toFixed(4),
            gigabytes(peakBytes),
            ...seconds.map((each) => `${each.toFixed(1)} s`),
          ]),
        },
      };
    },
  });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GB`;
}
