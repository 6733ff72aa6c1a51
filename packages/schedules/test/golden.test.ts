import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  cosine,
  cosineRestarts,
  cyclic,
  exponentialDecay,
  linear,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  sample,
  stepDecay,
  warmup,
  constant,
  type Schedule,
} from '@downhill/schedules';

interface Plateau {
  readonly options: {
    patience: number;
    factor: number;
    threshold?: number;
    cooldown?: number;
    min_lr?: number;
  };
  readonly larger: boolean;
  /** `null` for NaN. */
  readonly metrics: (number | null)[];
  readonly values: number[];
}

const { curves, plateaus } = JSON.parse(
  readFileSync(new URL('golden/schedules.json', import.meta.url), 'utf8'),
) as { curves: Record<string, number[]>; plateaus: Plateau[] };

/** The settings of golden/make.py. */
const schedules: Record<string, Schedule> = {
  stepDecay: stepDecay({ initial: 0.8, every: 10, factor: 0.5 }),
  exponentialDecay: exponentialDecay({ initial: 0.8, rate: 0.9 }),
  linear: linear({ initial: 0.8, final: 0.2, steps: 40 }),
  polynomial: polynomial({ initial: 0.8, steps: 40, power: 2.5 }),
  cosine: cosine({ initial: 0.8, final: 0.1, steps: 40 }),
  cosineRestarts: cosineRestarts({ initial: 0.8, final: 0.1, steps: 15 }),
  'cosineRestarts, longer and longer': cosineRestarts({ initial: 0.8, final: 0.1, steps: 8, lengthen: 2 }),
  oneCycle: oneCycle({ peak: 0.8, steps: 61 }),
  'oneCycle, all given': oneCycle({ peak: 0.8, steps: 61, rise: 0.45, initial: 0.2, final: 0.02 }),
  cyclic: cyclic({ low: 0.1, high: 0.8, rise: 7, fall: 4 }),
  'cyclic, shrinking': cyclic({ low: 0.1, high: 0.8, rise: 5, shrink: 0.5 }),
  warmup: warmup(constant(0.8), { steps: 20, initial: 0.1 }),
};

describe('step for step the learning rates of PyTorch 1.13', () => {
  it('are compared for every schedule both have', () => {
    expect(Object.keys(curves).sort()).toEqual(Object.keys(schedules).sort());
  });

  it.each(Object.entries(curves))('%s', (name, expected) => {
    sample(schedules[name], expected.length).forEach(({ step, value }) => {
      expect(value).toBeCloseTo(expected[step], 12);
    });
  });

  it.each(plateaus)('reduceOnPlateau with $options', ({ options, larger, metrics, values }) => {
    const { min_lr: least = 0, ...rest } = options;
    const better = larger ? 'larger' : 'smaller';
    const schedule = reduceOnPlateau({ initial: 0.8, least, better, ...rest });
    expect(new Set(values).size).toBeGreaterThan(2);
    metrics.forEach((metric, i) => {
      schedule.observe(metric ?? NaN);
      expect(schedule(i)).toBeCloseTo(values[i], 14);
    });
  });
});
