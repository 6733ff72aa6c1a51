import { describe, expect, test } from 'vitest';
import { Pace } from '../src/pace.js';

/** So many runs that take these milliseconds; how many of them all threads took part in. */
function run(pace: Pace, runs: number, { shared, alone }: { shared: number; alone: number }): number {
  let together = 0;
  for (let i = 0; i < runs; i++) {
    if (pace.isShared(true)) together++;
    pace.ran(pace.isShared(true) ? shared : alone);
  }
  return together;
}

describe('whether all threads take part', () => {
  test('they do at first, and for as long as that is faster, but for few trials', () => {
    const pace = new Pace();
    expect(run(pace, 64, { shared: 1, alone: 2 })).toBe(64);
    expect(run(pace, 10_000, { shared: 1, alone: 2 })).toBeGreaterThan(9_850);
  });

  test('one does it alone where that is faster, and they come back when it is not', () => {
    const pace = new Pace();
    expect(run(pace, 10_000, { shared: 3, alone: 2 })).toBeLessThan(200);
    run(pace, 1_200, { shared: 1, alone: 2 });
    expect(run(pace, 10_000, { shared: 1, alone: 2 })).toBeGreaterThan(9_850);
  });

  test('a run that does not count, as that of a profile, goes as usual while the other way is tried', () => {
    const pace = new Pace();
    for (const counted of [64, 100, 1_000]) {
      run(pace, counted, { shared: 1, alone: 2 });
      const asUsual = Array.from({ length: 2_000 }, () => {
        pace.ran(pace.isShared(true) ? 1 : 2);
        return pace.isShared(false);
      });
      expect(new Set(asUsual)).toEqual(new Set([true]));
    }
    run(pace, 2_000, { shared: 3, alone: 2 });
    expect(pace.isShared(false)).toBe(false);
  });

  test('a gain of a tenth changes nothing, nor do a few slow runs', () => {
    const pace = new Pace();
    expect(run(pace, 10_000, { shared: 1, alone: 0.9 })).toBeGreaterThan(9_850);
    const held = new Pace();
    for (let i = 0; i < 64; i++) held.ran(i % 2 === 0 ? 1 : 100);
    expect(held.isShared(true)).toBe(false);
    run(held, 8, { shared: 1, alone: 1.5 });
    expect(held.isShared(true)).toBe(true);
  });

  test('the first run of a trial is not judged: it wakes the workers up', () => {
    const pace = new Pace();
    run(pace, 1_000, { shared: 3, alone: 2 });
    expect(pace.isShared(true)).toBe(false);
    let wasShared = false;
    for (let i = 0; i < 5_000; i++) {
      const isShared = pace.isShared(true);
      pace.ran(isShared ? (wasShared ? 1 : 50) : 2);
      wasShared = isShared;
    }
    expect(pace.isShared(true)).toBe(true);
  });
});
