import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { depth } from '../src/experiments/depth.js';
import { dropping } from '../src/experiments/dropping.js';
import { largeRates } from '../src/experiments/large-rates.js';
import { runWhole } from './run-whole.js';

beforeAll(async () => {
  setBackend(await wasm());
});

describe('the short form of large-rates', () => {
  it('already shows it: at a rate of 3 only the normalized network learns', async () => {
    const short = largeRates({
      width: 50,
      hiddenLayers: 4,
      learningRates: [0.1, 3],
      seeds: [1],
      epochs: 1,
      batch: 50,
    });
    const { holds, findings, table } = await runWhole(short);
    expect(findings[0]).toMatch(/^At a rate of 3 all plain networks diverge/);
    expect(holds).toBe(true);
    expect(table.rows.map((row) => [row[1], row[3]])).toEqual([
      ['0 of 1', '0 of 1'],
      ['1 of 1', '0 of 1'],
    ]);
  });

  it('does not hold where the plain network learns as well, or none does', () => {
    const { parts, conclude } = largeRates();
    const all = (loss: number | null, accuracy: number) =>
      conclude(new Map(parts.map((part) => [part, { loss, accuracy }])));
    expect(all(0.1, 0.95).holds).toBe(false);
    expect(all(null, 0.1).holds).toBe(false);
  });
});

describe('the short form of depth', () => {
  // That 56 layers are learnt with shortcuts and hardly without is tested where they are built, in @downhill/convnets.
  it('runs all kinds, each of which learns', async () => {
    const short = depth({
      digits: 1000,
      depths: [8, 14],
      width: 4,
      seeds: [1],
      epochs: 2,
      batch: 25,
      learningRate: 0.1,
    });
    const { table } = await runWhole(short);
    expect(table.rows.map(([name]) => name)).toEqual(['residual 8', 'residual 14', 'plain 8', 'plain 14']);
    for (const [, first, last, accuracy] of table.rows) {
      expect(Number(last)).toBeLessThan(0.8 * Number(first));
      expect(parseFloat(accuracy)).toBeGreaterThan(40);
    }
  }, 120_000);

  it('does not hold where the plain network keeps up', () => {
    const { parts, conclude } = depth();
    const epochs = Array.from({ length: 3 }, () => ({ loss: 0.5, accuracy: 0.9 }));
    const outcome = { epochs, test: { loss: 0.5, accuracy: 0.9 } };
    expect(conclude(new Map(parts.map((part) => [part, outcome]))).holds).toBe(false);
  });
});

describe('the short form of dropping', () => {
  const settings = {
    digits: 300,
    width: 64,
    inputRate: 0.2,
    rate: 0.5,
    masks: 5,
    seeds: [1, 2],
    epochs: 10,
    batch: 50,
    learningRate: 2e-3,
  };

  it('teaches all three networks', async () => {
    const { table, findings } = await runWhole(dropping(settings));
    expect(table.rows.map(([way]) => way)).toEqual(['nothing', 'dropout', 'DropConnect']);
    const [nothing, ...dropped] = table.rows.map((row) => row.slice(1).map(parseFloat));
    for (const [trainingLoss, , accuracy] of dropped) {
      expect(accuracy).toBeGreaterThan(50);
      // What is dropped is missed while training.
      expect(trainingLoss).toBeGreaterThan(nothing[0]);
    }
    expect(findings).toHaveLength(2);
  });

  it('starts the three from the same weights, with the same batches', async () => {
    // Before the first step nothing has been dropped that was learnt: with rates of almost nothing all three are one.
    const same = dropping({ ...settings, seeds: [1], epochs: 1, inputRate: 1e-9, rate: 1e-9 });
    const { table } = await runWhole(same);
    expect(new Set(table.rows.map((row) => row.slice(1).join())).size).toBe(1);
  });

  it('goes by the mean difference of pairs: 0.3 points more with dropout, at most 0.2 less with DropConnect', () => {
    const { parts, conclude } = dropping(settings);
    const holds = (dropout: number, dropConnect: number): boolean => {
      const accuracies = parts.map((part) => {
        const start = part.endsWith('1') ? 0.9 : 0.8;
        return (
          start + (part.startsWith('dropout') ? dropout : part.startsWith('DropConnect') ? dropConnect : 0)
        );
      });
      const score = (accuracy: number) => ({ loss: 0, accuracy });
      return conclude(
        new Map(parts.map((part, i) => [part, { training: score(1), test: score(accuracies[i]) }])),
      ).holds;
    };
    expect(holds(0.0031, -0.0019)).toBe(true);
    expect(holds(0.0029, 0)).toBe(false);
    expect(holds(0.01, -0.0021)).toBe(false);
  });
});
