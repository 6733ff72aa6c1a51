import { existsSync } from 'node:fs';
import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { digitsLenet5, digitsLenet5Shifted } from '../src/experiments/digits-lenet5.js';
import { digitsSmallVgg } from '../src/experiments/digits-small-vgg.js';
import { fashionResnet, FOLDER } from '../src/experiments/fashion-resnet.js';
import { runWhole } from './run-whole.js';

beforeAll(async () => {
  setBackend(await wasm());
});

describe('short forms: pictures never seen are recognized after an epoch', () => {
  const short = { seeds: [1], epochs: 1, batch: 50, learningRate: 2e-3 };

  it('digits by LeNet-5', async () => {
    const { holds, findings } = await runWhole(digitsLenet5({ ...short, shift: 0, bar: 0.93 }));
    expect(findings.join()).toMatch(
      /^After the last epoch 9\d\.\d\d % of the test pictures are recognized \(/,
    );
    expect(holds).toBe(true);
  });

  it('digits by LeNet-5 that saw them shifted', async () => {
    const { holds } = await runWhole(digitsLenet5Shifted({ ...short, shift: 2, bar: 0.88 }));
    expect(holds).toBe(true);
  });

  it('digits by a VGG of four channels', async () => {
    const settings = { ...short, width: 4, learningRate: 5e-3, bar: 0.8 };
    expect((await runWhole(digitsSmallVgg(settings))).holds).toBe(true);
  });

  it.skipIf(!existsSync(FOLDER))(
    'clothes by a residual network of eight layers',
    async () => {
      const settings = {
        ...short,
        pictures: 2000,
        depth: 8,
        width: 8,
        stride: 2,
        learningRate: 0.1,
        weightDecay: 5e-4,
        shift: 2,
        bar: 0.5,
      };
      expect((await runWhole(fashionResnet(settings))).holds).toBe(true);
    },
    120_000,
  );
});

describe('what is concluded', () => {
  const outcome = (accuracy: number) => ({ training: { loss: 0, accuracy: 1 }, test: { loss: 0, accuracy } });
  const concluded = (...accuracies: number[]) => {
    const seeds = accuracies.map((_, i) => i);
    const { parts, conclude } = digitsLenet5({
      seeds,
      epochs: 1,
      batch: 1,
      learningRate: 1,
      shift: 0,
      bar: 0.975,
    });
    return conclude(new Map(parts.map((part, i) => [part, outcome(accuracies[i])])));
  };

  it('goes by the mean of all seeds', () => {
    expect(concluded(0.96, 0.99).holds).toBe(true);
    expect(concluded(0.96, 0.985).holds).toBe(false);
    expect(concluded(0.96, 0.99).findings[0]).toContain(
      '97.50 % of the test pictures are recognized, the mean of 2 seeds (from 96.00 % to 99.00 %, standard deviation 2.12 %)',
    );
  });

  it('is a table of runs', () => {
    expect(concluded(0.96, 0.99).table.rows.map((row) => [row[0], row[4]])).toEqual([
      ['seed 0', '96.00 %'],
      ['seed 1', '99.00 %'],
    ]);
  });
});
