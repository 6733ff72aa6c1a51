import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Display } from '../src/display.js';
import { defineExperiment, type Experiment } from '../src/experiment.js';
import { verify, type VerifyOptions } from '../src/verify.js';

let folder = '';
let written: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verify-'));
  written = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const options = (signal = new AbortController().signal, isTTY = false): VerifyOptions => ({
  output: { write: (text: string) => written.push(text), isTTY },
  signal,
  results: join(folder, 'results'),
  kept: join(folder, 'kept'),
  surroundings: () => ({
    versions: { 'Node.js': '20.1.2' },
    machine: '2 × abacus',
    date: '2026-11-25T00:00:00.000Z',
  }),
});

/** Adds up what its parts give: 1, 2 and 3. */
function sums({
  seed = 4,
  onRun = () => undefined,
}: {
  seed?: number;
  onRun?: (part: string) => void;
} = {}): Experiment {
  return defineExperiment<{ value: number }>({
    name: 'sums',
    claim: 'One, two and three are six.',
    method: 'By adding.',
    settings: { seed },
    parts: ['1', '2', '3'],
    run: async (part, watch) => {
      onRun(part);
      await watch(0.5, 'half way');
      return { value: Number(part) };
    },
    conclude: (outcomes) => {
      const total = [...outcomes.values()].reduce((sum, { value }) => sum + value, 0);
      return {
        holds: total === 6,
        findings: [`The sum is ${total}.`],
        table: {
          head: ['part', 'value'],
          rows: [...outcomes].map(([part, { value }]) => [part, String(value)]),
        },
      };
    },
  });
}

const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

describe('a run', () => {
  it('tells of each part in plain lines, and ends with the table', async () => {
    expect([...(await verify([sums()], options()))]).toEqual([['sums', true]]);
    const lines = written.join('').trimEnd().split('\n');
    expect(lines[0]).toBe('sums: One, two and three are six.');
    expect(lines[1]).toMatch(/^1\/3 {2}1 {2}\{"value":1\} {2}0\.\d s$/);
    expect(lines.slice(4)).toEqual([
      'part  value',
      '   1      1',
      '   2      2',
      '   3      3',
      'The sum is 6.',
      'sums holds (0 s)',
    ]);
  });

  it('on a terminal has a live line', async () => {
    await verify([sums()], options(undefined, true));
    expect(written.join('')).toMatch(/\r\u001B\[K1\/3 {2}1 {2}50 % {2}half way/);
  });

  it('elsewhere tells once a minute that it is still going on', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const display = new Display({ write: (text: string) => written.push(text) });
    for (let second = 1; second <= 150; second++) {
      vi.advanceTimersByTime(1000);
      display.live(`second ${second}`);
    }
    vi.useRealTimers();
    expect(written).toEqual(['second 60\n', 'second 120\n']);
  });

  it('writes what came out, with settings, versions, date and time', async () => {
    await verify([sums()], options());
    const data = JSON.parse(read('results/sums.json')) as Record<string, unknown>;
    expect(data).toMatchObject({
      name: 'sums',
      holds: true,
      settings: { seed: 4 },
      versions: { 'Node.js': '20.1.2' },
      date: '2026-11-25T00:00:00.000Z',
      table: { head: ['part', 'value'] },
      parts: { 2: { outcome: { value: 2 } } },
    });
    expect(data.seconds).toBeGreaterThanOrEqual(0);
    const text = read('results/sums.md');
    expect(text).toMatch(
      /^# sums\n\nOne, two and three are six\.\n\n\*\*It holds\.\*\* The sum is 6\.\n\n\| part \| value \|\n/,
    );
    expect(text).toContain('Settings: seed 4.');
    expect(text).toContain('Run on 2026-11-25 in 0 s, with Node.js 20.1.2, on 2 × abacus.');
  });
});

describe('a run that is stopped', () => {
  const stopAt = async (place: string): Promise<void> => {
    const controller = new AbortController();
    const onRun = (part: string): void => {
      if (part === place) controller.abort();
    };
    expect((await verify([sums({ onRun })], options(controller.signal))).size).toBe(0);
  };

  it('writes no result, and goes on from what was finished', async () => {
    await stopAt('2');
    expect(written.at(-1)).toMatch(/^stopped; what was finished is kept/);
    expect(existsSync(join(folder, 'results'))).toBe(false);
    const ran: string[] = [];
    await verify([sums({ onRun: (part) => ran.push(part) })], options());
    expect(ran).toEqual(['2', '3']);
    expect(read('results/sums.md')).toContain('The sum is 6.');
  });

  it('gives a part what it has put down, and counts the time until then', async () => {
    const found: (string | undefined)[] = [];
    const controller = new AbortController();
    const long = (seed: number): Experiment => ({
      ...sums({ seed }),
      parts: ['long'],
      run: async (_, watch, shelf) => {
        found.push(shelf?.bytes && new TextDecoder().decode(shelf.bytes));
        await setTimeout(found.length === 1 ? 300 : 0);
        shelf?.put(new TextEncoder().encode('half\nof it'));
        if (found.length === 1) controller.abort();
        await watch(0.5);
        return { value: 6 };
      },
    });
    await verify([long(4)], options(controller.signal));
    await verify([long(4)], options());
    expect(written.join('')).toContain('long was begun before\n');
    expect((JSON.parse(read('results/sums.json')) as { seconds: number }).seconds).toBeGreaterThan(0.29);
    // Finished: nothing is left lying about.
    await verify([long(4)], options());
    expect(found).toEqual([undefined, 'half\nof it', undefined]);
  });

  it('gives a part nothing that was put down under other settings', async () => {
    const found: unknown[] = [];
    const stopping = (seed: number): Experiment => ({
      ...sums({ seed }),
      run: (part, _, shelf) => {
        found.push(shelf?.bytes?.length);
        shelf?.put(Uint8Array.of(1, 2));
        return Promise.reject(new Error(`in ${part}`));
      },
    });
    await expect(verify([stopping(1)], options())).rejects.toThrow('in 1');
    await expect(verify([stopping(2)], options())).rejects.toThrow('in 1');
    await expect(verify([stopping(2)], options())).rejects.toThrow('in 1');
    expect(found).toEqual([undefined, undefined, 2]);
  });

  it('begins anew under other settings, and after the experiment was finished', async () => {
    await stopAt('3');
    const ran: string[] = [];
    await verify([sums({ seed: 5, onRun: (part) => ran.push(part) })], options());
    await verify([sums({ seed: 5, onRun: (part) => ran.push(part) })], options());
    expect(ran).toEqual(['1', '2', '3', '1', '2', '3']);
  });

  it('an error in a part keeps the parts before it', async () => {
    const broken = sums({
      onRun: (part) => {
        if (part === '3') throw new Error('out of chalk');
      },
    });
    await expect(verify([broken], options())).rejects.toThrow('out of chalk');
    const ran: string[] = [];
    await verify([sums({ onRun: (part) => ran.push(part) })], options());
    expect(ran).toEqual(['3']);
  });
});
