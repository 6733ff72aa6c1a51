import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';
import type { Plain } from '../src/experiment.js';
import { differentStarts } from '../src/experiments/different-starts.js';

describe('the short form of different-starts', () => {
  const short = differentStarts({
    widths: [4, 64],
    seeds: [1, 2, 3, 4, 5],
    orderSeed: 0,
    splitSeed: 0,
    counts: [2000, 1000],
    epochs: 6,
    batch: 50,
    learningRate: 5e-3,
  });

  it('already shows it: five narrow networks end far apart, five wide ones together', async () => {
    setBackend(await wasm());
    const outcomes = new Map<string, Plain>();
    let looks = 0;
    for (const part of short.parts) {
      const watch = (share: number): Promise<void> => {
        looks++;
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(1);
        return Promise.resolve();
      };
      outcomes.set(part, await short.run(part, watch));
    }
    expect(looks).toBe(10 * 12);
    const { holds, findings, table } = short.conclude(outcomes);
    expect(findings.join(' ')).toMatch(/falls from 0\.\d+ to 0\.\d+: to 1\/\d/);
    expect(holds).toBe(true);
    const [narrow, wide] = table.rows.map((row) => row.map(Number));
    expect(narrow[2]).toBeGreaterThan(3 * wide[2]);
    expect(wide[1]).toBeLessThan(narrow[1]);
  });

  it('does not hold where wide networks end as far apart as narrow ones', () => {
    const outcomes = new Map<string, Plain>(
      short.parts.map((part) => [part, { training: 0.1, heldOut: 0.3 + 0.01 * Number(part.slice(-1)) }]),
    );
    expect(short.conclude(outcomes).holds).toBe(false);
  });
});
