import { wasm } from '@downhill/backend-wasm';
import { mnistDigits, type Dataset } from '@downhill/data';
import { setBackend } from '@downhill/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { bugs } from '../src/pages/gradient-check/bugs.js';
import { CheckedNetwork } from '../src/pages/gradient-check/check.js';

const layers = 'conv 2 3, relu, max 4, linear 6, tanh, dropout 0.5, linear 10';
let data: Dataset;

beforeAll(async () => {
  setBackend(await wasm({ threads: 1 }));
  data = { ...(await mnistDigits()), shape: [1, 28, 28] };
});

describe('the gradient check of a network', () => {
  it('passes without a bug', async () => {
    const { report, planted } = await new CheckedNetwork(layers, data).check(1e-5);
    expect(planted).toBeUndefined();
    expect(report.passed).toBe(true);
    expect(report.parameters).toHaveLength(6);
  });

  it('reports each bug at parameters of its layer or before, and none behind', async () => {
    const met = new Set<string>();
    for (let seed = 0; met.size < bugs.length && seed < 100; seed++) {
      const network = new CheckedNetwork(layers, data, seed);
      const title = network.planted?.bug.title ?? '';
      if (met.has(title)) continue;
      met.add(title);
      const { report, planted } = await network.check(1e-5);
      const place = planted?.layer ?? 0;
      const wrong = report.parameters
        .filter(({ verdict }) => verdict === 'wrong')
        .map(({ name }) => Number(name.split('.')[0]) - 1);
      expect(report.passed, title).toBe(false);
      expect(Math.max(...wrong), title).toBeLessThanOrEqual(place);
      // Parameters nearest below the bug are wrong.
      const below = report.parameters
        .map(({ name }) => Number(name.split('.')[0]) - 1)
        .filter((each) => each <= place);
      expect(Math.max(...wrong), title).toBe(Math.max(...below));
    }
    expect([...met].sort()).toEqual(bugs.map(({ title }) => title).sort());
  });

  it('has its least error at a small step in float64 and at a larger one in float32', async () => {
    const { stepSizes, float32, float64 } = await new CheckedNetwork(
      'linear 6, tanh, linear 10',
      data,
    ).sweep();
    const best = (errors: readonly number[]) => stepSizes[errors.indexOf(Math.min(...errors))];
    expect(Math.min(...float64)).toBeLessThan(1e-7);
    expect(Math.min(...float32)).toBeGreaterThan(1e-6);
    expect(best(float64)).toBeLessThan(best(float32));
    // A V: both ends are worse than the middle.
    for (const errors of [float32, float64]) {
      expect(errors[errors.length - 1]).toBeGreaterThan(10 * Math.min(...errors));
      expect(errors[0]).toBeGreaterThan(10 * Math.min(...errors));
    }
  });
});
