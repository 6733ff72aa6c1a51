import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DeepNetwork, type LayerView, type Start } from '../src/pages/initialization/deep-network.js';
import { diagnose } from '../src/pages/initialization/diagnosis.js';
import { distributionOf } from '../src/pages/initialization/distribution.js';

describe('a distribution', () => {
  it('has shares of everything, with what lies beyond at the ends, and its own mean and deviation', () => {
    expect(distributionOf([-8, 0.25, 0.75, 8], [0, 1], 4)).toEqual({
      mean: 0.25,
      deviation: Math.sqrt((8.25 ** 2 + 0.5 ** 2 + 7.75 ** 2) / 4),
      shares: [0.25, 0.25, 0, 0.5],
    });
  });

  it('loses nothing, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
        const { shares } = distributionOf(values, [-1, 1], 7);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
      }),
    );
  });
});

describe('ten layers just after their weights were drawn', () => {
  let network: DeepNetwork;
  beforeAll(async () => {
    setBackend(await wasm({ threads: 1 }));
    network = new DeepNetwork();
  });
  const deviations = (layers: readonly LayerView[]) => layers.map(({ deviation }) => deviation);
  const view = (start: Partial<Start>) =>
    network.view({ activation: 'tanh', scale: 0.01, normalized: false, ...start });
  /** Each deviation within a tenth of the lecture's, and more where differences between draws have grown. */
  const expectNear = (layers: readonly LayerView[], expected: readonly number[]) => {
    deviations(layers).forEach((deviation, i) => {
      expect(Math.abs(deviation / expected[i] - 1), `layer ${i + 1}`).toBeLessThan(0.2);
    });
  };

  // The figures are those of the slides of CS231n (2016, lecture 5).
  it('go to zero where weights are small', async () => {
    const layers = await view({ scale: 0.01 });
    expectNear(layers.slice(0, 7), [0.213081, 0.047551, 0.01063, 0.002378, 0.000532, 0.000119, 0.000026]);
    // A tanh near 0 is its argument: each layer passes 0.01 √500 of the gradient on, nine times.
    expect(layers[0].gradient / (0.01 * Math.sqrt(500)) ** 9).toBeCloseTo(1, 0);
    expect(diagnose(layers)).toEqual({
      alive: false,
      text: expect.stringMatching(/goes to one value/) as string,
    });
  });

  it('saturate where weights are large', async () => {
    const layers = await view({ scale: 1 });
    expectNear(layers, new Array<number>(10).fill(0.981));
    expect(layers[9].flat).toBeGreaterThan(0.9);
    expect(diagnose(layers)).toEqual({ alive: false, text: expect.stringMatching(/Saturated/) as string });
  });

  it('stay alive with Xavier’s scale under tanh, and fade with it under ReLU', async () => {
    const xavier = Math.sqrt(1 / 500);
    const squashed = await view({ scale: xavier });
    expectNear(
      squashed,
      [0.627953, 0.486051, 0.407723, 0.357108, 0.320917, 0.292116, 0.273387, 0.254935, 0.239266, 0.228008],
    );
    expect(diagnose(squashed).alive).toBe(true);
    const rectified = await view({ scale: xavier, activation: 'relu' });
    expect(diagnose(rectified)).toEqual({ alive: false, text: expect.stringMatching(/Fading/) as string });
    expectNear(
      rectified,
      [0.582273, 0.403795, 0.276912, 0.198685, 0.140299, 0.10328, 0.072748, 0.051572, 0.038583, 0.026076],
    );
  });

  it('stay alive with He’s scale under ReLU, on the way back too', async () => {
    const layers = await view({ scale: Math.sqrt(2 / 500), activation: 'relu' });
    expect(layers[0].deviation / layers[9].deviation).toBeCloseTo(1, 0);
    expect(layers[0].gradient).toBeCloseTo(1, 0);
    expect(diagnose(layers).alive).toBe(true);
  });

  it('are the same from any scale with batch normalization', async () => {
    const [small, large] = await Promise.all(
      [0.01, 1].map((scale) => view({ scale, activation: 'relu', normalized: true })),
    );
    // Of max(0, z) with z normal: the deviation is √(1/2 − 1/(2π)).
    for (const deviation of [...deviations(small), ...deviations(large)]) {
      expect(deviation).toBeCloseTo(Math.sqrt(1 / 2 - 1 / (2 * Math.PI)), 1);
    }
    expect(large[0].gradient / small[0].gradient).toBeCloseTo(1, 1);
  });
});
