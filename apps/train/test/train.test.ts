import { split, type Dataset } from '@downhill/data';
import { describe, expect, it } from 'vitest';
import { Stopwatch } from '../src/stopwatch.js';
import { train, type Progress } from '../src/train.js';

/** Pictures with three bright pixels, which say the label, among noise from a sine. */
function bars(count: number): Dataset {
  const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
  const images = Float32Array.from({ length: count * 784 }, (_, i) => 0.1 * Math.sin(i * i) ** 2);
  labels.forEach((label, i) => images.fill(1, i * 784 + label * 70, i * 784 + label * 70 + 3));
  return { shape: [784], images, labels };
}

const [training, heldOut] = split(bars(150), { counts: [110, 40] });
const settings = { epochs: 5, seed: 1, batch: 32, learningRate: 3e-3 };

const run = (seed: number): { events: Progress[]; stopwatch: Stopwatch } => {
  const stopwatch = new Stopwatch();
  return { events: [...train(training, heldOut, { ...settings, seed }, stopwatch)], stopwatch };
};

describe('train', () => {
  const { events, stopwatch } = run(1);

  it('tells of each step, and where epochs end, a smaller last batch included', () => {
    expect(events.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(events.filter(({ endsEpoch }) => endsEpoch).map(({ step }) => step)).toEqual([4, 8, 12, 16, 20]);
    expect(events.every(({ steps }) => steps === 20)).toBe(true);
  });

  it('begins near the loss of guessing, learns, and recognizes what it has not seen', () => {
    expect(events[0].loss).toBeGreaterThan(1.8);
    expect(events[0].loss).toBeLessThan(3.5);
    expect(events[19].loss).toBeLessThan(0.5 * events[0].loss);
    expect(events[19].test()).toBeGreaterThan(0.8);
  });

  it('is the same for the same seed, and not for another', () => {
    const losses = (seed: number): number[] => run(seed).events.map(({ loss }) => loss);
    expect(losses(1)).toEqual(events.map(({ loss }) => loss));
    expect(losses(2)).not.toEqual(losses(1));
  });

  it('accounts for its time', () => {
    expect(String(stopwatch)).toMatch(
      /^compiling .* s, batches .* s, steps .* s, .*other .* s: .* s in all$/,
    );
    const parts = ['compiling', 'batches', 'steps'].map((name) => stopwatch.spent(name));
    expect(Math.min(...parts)).toBeGreaterThan(0);
    expect(parts.reduce((sum, time) => sum + time)).toBeLessThan(stopwatch.elapsed);
  });
});
