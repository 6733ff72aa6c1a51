import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDropped, LAYERS, MaskDrawer, type Kind } from '../src/pages/dropout/masks.js';
import { neuronAverages } from '../src/pages/dropout/neuron.js';

const number = fc.double({ min: -3, max: 3, noNaN: true });
const pair = fc.tuple(number, number);

describe('the neuron of two inputs under dropout of a half', () => {
  it('averages over its four masks to the scaled pass if it is linear', () => {
    fc.assert(
      fc.property(pair, pair, (weights, inputs) => {
        const { average, scaled } = neuronAverages(weights, inputs, 'none');
        expect(average).toBeCloseTo(0.5 * (weights[0] * inputs[0] + weights[1] * inputs[1]), 12);
        expect(scaled).toBeCloseTo(average, 12);
      }),
    );
  });

  it('does not behind a sigmoid: by hand for weights 2 and -1 and inputs 3 and 1', () => {
    const sigmoid = (sum: number): number => 1 / (1 + Math.exp(-sum));
    const { outputs, average, scaled } = neuronAverages([2, -1], [3, 1], 'sigmoid');
    const byHand = [0, 6, -1, 5].map(sigmoid);
    outputs.forEach((output, i) => {
      expect(output).toBeCloseTo(byHand[i], 12);
    });
    expect(average).toBeCloseTo(byHand.reduce((sum, output) => sum + output, 0) / 4, 12);
    expect(scaled).toBeCloseTo(sigmoid(2.5), 12);
  });
});

describe.each<Kind>(['units', 'edges'])('masks of %s', (kind) => {
  it('are new at each step, and drop about the rate', () => {
    const drawer = new MaskDrawer(1);
    let dropped = 0;
    let all = 0;
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const mask = drawer.next(kind, 0.3);
      seen.add(JSON.stringify(mask));
      const count = countDropped(mask, kind);
      dropped += count.dropped;
      all += count.of;
    }
    expect(seen.size).toBeGreaterThan(190);
    // Four standard deviations of so many coin tosses.
    expect(Math.abs(dropped / all - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / all));
  });

  it('drop nothing of the other kind, no output, and nothing at a rate of 0', () => {
    const drawer = new MaskDrawer();
    const mask = drawer.next(kind, 0.9);
    expect(countDropped(mask, kind === 'units' ? 'edges' : 'units').dropped).toBe(0);
    expect(mask.units.at(-1)).toEqual(Array.from({ length: LAYERS[3] }, () => true));
    expect(mask.edges.map((rows) => [rows.length, rows[0].length])).toEqual([
      [7, 5],
      [6, 7],
      [3, 6],
    ]);
    expect(countDropped(drawer.next(kind, 0), kind).dropped).toBe(0);
  });
});
