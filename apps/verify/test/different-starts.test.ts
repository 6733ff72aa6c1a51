import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';
import type { Plain } from '../src/experiment.js';
import { differentStarts } from '../src/experiments/different-starts.js';
import { runWhole } from './run-whole.js';

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
    let looks = 0;
    const { holds, findings, table } = await runWhole(short, (share) => {
      looks++;
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
      return Promise.resolve();
    });
    expect(looks).toBe(10 * 240);
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
