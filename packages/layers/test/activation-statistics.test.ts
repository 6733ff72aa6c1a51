import { generator, ShapeError } from '@downhill/tensor';
import { activationStatistics, gaussian, xavierNormal } from '@downhill/layers';
import { describe, expect, it } from 'vitest';

const small = { units: 100, examples: 200 };
const run = (initializer: Parameters<typeof activationStatistics>[0]) =>
  activationStatistics(initializer, { ...small, generator: generator(7) });

describe('activations of a ten-layer tanh network', () => {
  it('go to zero with weights too small: each layer shrinks them by √units · 0.01', async () => {
    const layers = await run(gaussian(0.01));
    expect(layers).toHaveLength(10);
    layers.slice(1).forEach(({ deviation }, i) => {
      // tanh is linear here, so deviations follow the formula: √100 · 0.01.
      expect(deviation / layers[i].deviation).toBeCloseTo(0.1, 1.5);
    });
    expect(layers[9].deviation).toBeLessThan(1e-8);
    expect(layers[9].saturated).toBe(0);
  });

  it('saturate with weights too large', async () => {
    for (const { deviation, saturated } of await run(gaussian(1))) {
      expect(saturated).toBeGreaterThan(0.7);
      expect(deviation).toBeGreaterThan(0.9);
    }
  });

  it('stay alive with Xavier’s', async () => {
    const layers = await run(xavierNormal);
    for (const { mean, deviation, saturated } of layers) {
      expect(Math.abs(mean)).toBeLessThan(0.1);
      expect(deviation).toBeGreaterThan(0.2);
      expect(saturated).toBeLessThan(0.05);
    }
    // √E[tanh²(z)] for z of the normal distribution, by numeric integration (SciPy): 0.6279.
    expect(layers[0].deviation).toBeCloseTo(0.628, 1.7);
  });

  it('refuses a network without layers', async () => {
    await expect(activationStatistics(xavierNormal, { depth: 0 })).rejects.toThrow(ShapeError);
  });
});
