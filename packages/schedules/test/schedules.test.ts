import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constant, exponentialDecay, inverseTimeDecay, stepDecay, type Schedule } from '@downhill/schedules';

const initial = fc.double({ min: 1e-6, max: 10, noNaN: true });
const shrinking = fc.double({ min: 0.01, max: 0.999, noNaN: true });
const every = fc.integer({ min: 1, max: 1000 });
const step = fc.integer({ min: 0, max: 100_000 });

const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
  initial.map(constant),
  fc.record({ initial, factor: shrinking, every }).map(stepDecay),
  fc.record({ initial, rate: shrinking, every }).map(exponentialDecay),
  fc.record({ initial, rate: fc.double({ min: 0, max: 5, noNaN: true }) }).map(inverseTimeDecay),
);

/** [step, value] pairs worked out by hand. */
function expectValues(schedule: Schedule, pairs: [step: number, value: number][]): void {
  for (const [at, value] of pairs) expect(schedule(at)).toBeCloseTo(value, 12);
}

describe('values by hand', () => {
  it('constant is the same at every step', () => {
    expectValues(constant(0.3), [
      [0, 0.3],
      [12345, 0.3],
    ]);
  });

  it('stepDecay falls at each multiple of every, and not between', () => {
    expectValues(stepDecay({ initial: 0.8, factor: 0.5, every: 10 }), [
      [0, 0.8],
      [9, 0.8],
      [10, 0.4],
      [19, 0.4],
      [20, 0.2],
      [30, 0.1],
    ]);
  });

  it('exponentialDecay is multiplied by rate every so many steps, and by its root halfway', () => {
    expectValues(exponentialDecay({ initial: 2, rate: 0.25, every: 10 }), [
      [0, 2],
      [5, 1],
      [10, 0.5],
      [20, 0.125],
    ]);
    expectValues(exponentialDecay({ initial: 1, rate: 0.5 }), [[3, 0.125]]);
  });

  it('exponentialDecay is the lecture’s exp(-k t)', () => {
    const k = 0.03;
    const schedule = exponentialDecay({ initial: 0.1, rate: Math.exp(-k), every: 1 });
    expectValues(schedule, [
      [1, 0.09704455335485082], // 0.1 e^-0.03
      [100, 0.004978706836786394], // 0.1 e^-3
    ]);
  });

  it('inverseTimeDecay is half after 1/rate steps, a third after twice as many', () => {
    expectValues(inverseTimeDecay({ initial: 0.6, rate: 0.01 }), [
      [0, 0.6],
      [100, 0.3],
      [200, 0.2],
      [500, 0.1],
    ]);
  });
});

describe('properties', () => {
  it('a decay never rises, and never falls below 0', () => {
    fc.assert(
      fc.property(anySchedule, step, step, (schedule, a, b) => {
        const [early, late] = [schedule(Math.min(a, b)), schedule(Math.max(a, b))];
        expect(late).toBeLessThanOrEqual(early);
        expect(late).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('the same step gives the same number, whatever was asked before', () => {
    fc.assert(
      fc.property(anySchedule, fc.array(step, { minLength: 1 }), (schedule, steps) => {
        const forwards = steps.map((at) => schedule(at));
        const backwards = [...steps].reverse().map((at) => schedule(at));
        expect(backwards.reverse()).toEqual(forwards);
      }),
    );
  });

  it('stepDecay meets exponentialDecay at the edges of its stairs and lies above it between', () => {
    fc.assert(
      fc.property(
        initial,
        shrinking,
        every,
        fc.integer({ min: 0, max: 20 }),
        step,
        (start, rate, width, stair, at) => {
          const stairs = stepDecay({ initial: start, factor: rate, every: width });
          const smooth = exponentialDecay({ initial: start, rate, every: width });
          expect(stairs(stair * width)).toBeCloseTo(smooth(stair * width), 12);
          expect(stairs(at)).toBeGreaterThanOrEqual(smooth(at));
        },
      ),
    );
  });
});

describe('bad settings', () => {
  it.each([
    ['constant: value', () => constant(NaN)],
    ['constant: value', () => constant(-1)],
    ['stepDecay: initial', () => stepDecay({ initial: -0.1, factor: 0.5, every: 10 })],
    ['stepDecay: factor', () => stepDecay({ initial: 0.1, factor: 0, every: 10 })],
    ['stepDecay: every', () => stepDecay({ initial: 0.1, factor: 0.5, every: 0 })],
    ['exponentialDecay: initial', () => exponentialDecay({ initial: Infinity, rate: 0.5 })],
    ['exponentialDecay: rate', () => exponentialDecay({ initial: 0.1, rate: -0.5 })],
    ['exponentialDecay: every', () => exponentialDecay({ initial: 0.1, rate: 0.5, every: NaN })],
    ['inverseTimeDecay: initial', () => inverseTimeDecay({ initial: NaN, rate: 1 })],
    ['inverseTimeDecay: rate', () => inverseTimeDecay({ initial: 0.1, rate: -1 })],
  ])('%s is named in the error', (setting, make) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(`${setting}: expected a finite number`);
  });
});
