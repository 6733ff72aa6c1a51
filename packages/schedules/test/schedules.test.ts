import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byEpoch,
  constant,
  cosine,
  cosineRestarts,
  cyclic,
  exponentialDecay,
  inverseTimeDecay,
  linear,
  momentumAnneal,
  oneCycle,
  piecewise,
  polynomial,
  reduceOnPlateau,
  sample,
  stepDecay,
  warmup,
  type PlateauState,
  type Schedule,
} from '@downhill/schedules';

const initial = fc.double({ min: 1e-6, max: 10, noNaN: true });
const shrinking = fc.double({ min: 0.01, max: 0.999, noNaN: true });
const every = fc.integer({ min: 1, max: 1000 });
const step = fc.integer({ min: 0, max: 100_000 });

const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
  initial.map(constant),
  fc.record({ initial, factor: shrinking, every }).map(stepDecay),
  fc.record({ initial, rate: shrinking, every }).map(exponentialDecay),
  fc.record({ initial, rate: fc.double({ min: 0, max: 5, noNaN: true }) }).map(inverseTimeDecay),
  fc.record({ initial, steps: every }).map(linear),
  fc.record({ initial, steps: every, power: fc.double({ min: 0.1, max: 5, noNaN: true }) }).map(polynomial),
  fc.record({ initial, steps: every }).map(cosine),
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

describe('values by hand, of what composes', () => {
  it('linear and polynomial of power 1 are one line, and stay where it ends', () => {
    const settings = { initial: 1, final: 0.2, steps: 8 };
    for (const schedule of [linear(settings), polynomial({ ...settings, power: 1 })]) {
      expectValues(schedule, [
        [0, 1],
        [2, 0.8],
        [8, 0.2],
        [1000, 0.2],
      ]);
    }
  });

  it('cosine is halfway at half time, and stays at its end', () => {
    expectValues(cosine({ initial: 0.9, final: 0.1, steps: 10 }), [
      [0, 0.9],
      [5, 0.5],
      [10, 0.1],
      [15, 0.1],
    ]);
  });

  it('warmup climbs to where the schedule starts, which then runs from its own step 0', () => {
    expectValues(warmup(stepDecay({ initial: 0.8, factor: 0.5, every: 10 }), { steps: 4 }), [
      [0, 0],
      [1, 0.2],
      [3, 0.6],
      [4, 0.8],
      [13, 0.8],
      [14, 0.4],
    ]);
  });

  it('piecewise puts numbers and schedules one after another, each counting from its own beginning', () => {
    const schedule = piecewise([
      [0, 0.3],
      [5, linear({ initial: 1, steps: 4 })],
      [20, 0.01],
    ]);
    expectValues(schedule, [
      [0, 0.3],
      [4, 0.3],
      [5, 1],
      [7, 0.5],
      [19, 0],
      [20, 0.01],
      [1e6, 0.01],
    ]);
  });

  it('byEpoch asks for the epoch a step lies in', () => {
    const schedule = byEpoch(inverseTimeDecay({ initial: 1, rate: 1 }), { stepsPerEpoch: 100 });
    expectValues(schedule, [
      [0, 1],
      [99, 1],
      [100, 1 / 2],
      [250, 1 / 3],
    ]);
  });

  it('momentumAnneal goes from 0.5 to 0.99; halfway it averages over 51 gradients', () => {
    expectValues(momentumAnneal({ steps: 1000 }), [
      [0, 0.5],
      [500, 1 - 1 / 51],
      [1000, 0.99],
      [5000, 0.99],
    ]);
  });

  it('momentumAnneal is Sutskever’s 1 - 2^(-1 - log2(t / 250 + 1)) at the foot of each of his stairs', () => {
    // His momentum reaches 0.99 when t / 250 + 1 is 50.
    const schedule = momentumAnneal({ steps: 49 * 250 });
    for (const stair of [0, 1, 2, 5, 20, 48]) {
      expect(schedule(250 * stair)).toBeCloseTo(1 - 2 ** (-1 - Math.log2(stair + 1)), 12);
    }
  });

  it('oneCycle of a rise of 1 ends at its peak, and of few steps gives no NaN', () => {
    expectValues(oneCycle({ peak: 1, steps: 5, rise: 1 }), [
      [0, 0.04],
      [4, 1],
      [9, 1],
    ]);
    for (const steps of [2, 3, 4, 10]) {
      for (const rise of [0.01, 0.1, 0.25, 0.5, 1]) {
        for (const { value } of sample(oneCycle({ peak: 1, steps, rise }), 12)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it('sample gives the points of a curve, at all steps or at those listed', () => {
    const schedule = linear({ initial: 1, steps: 2 });
    expect(sample(schedule, 3)).toEqual([
      { step: 0, value: 1 },
      { step: 1, value: 0.5 },
      { step: 2, value: 0 },
    ]);
    expect(sample(schedule, [1, 100])).toEqual([
      { step: 1, value: 0.5 },
      { step: 100, value: 0 },
    ]);
    expect(sample(schedule, 0)).toEqual([]);
  });
});

describe('reduceOnPlateau', () => {
  it('gives one value at every step until patience runs out', () => {
    const schedule = reduceOnPlateau({ initial: 1, factor: 0.5, patience: 1 });
    schedule.observe(3);
    schedule.observe(3);
    expect([schedule(0), schedule(99)]).toEqual([1, 1]);
    schedule.observe(3);
    expect([schedule(0), schedule(99)]).toEqual([0.5, 0.5]);
  });

  it('goes on from a saved state as it would have gone on', () => {
    const settings = { initial: 1, factor: 0.5, patience: 2, cooldown: 2 };
    const metric = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(metric), fc.array(metric), (before, after) => {
        const [first, second] = [reduceOnPlateau(settings), reduceOnPlateau(settings)];
        for (const value of before) first.observe(value);
        second.load(JSON.parse(JSON.stringify(first.state())) as PlateauState);
        for (const value of after) {
          first.observe(value);
          second.observe(value);
          expect(second(0)).toBe(first(0));
        }
      }),
    );
  });

  it.each<[string, object]>([
    ['load: value', { value: NaN, best: null, bad: 0, cooling: 0 }],
    ['load: best', { value: 1, best: '3', bad: 0, cooling: 0 }],
    ['load: bad', { value: 1, best: 3, bad: -1, cooling: 0 }],
    ['load: cooling', { value: 1, best: 3, bad: 0, cooling: 0.5 }],
  ])('refuses a state whose %s is wrong, and stays as it was', (setting, saved) => {
    const schedule = reduceOnPlateau({ initial: 1 });
    const before = schedule.state();
    expect(() => schedule.load(saved as PlateauState)).toThrow(`reduceOnPlateau: ${setting}: expected`);
    expect(schedule.state()).toEqual(before);
  });

  it('refuses what is no number', () => {
    const schedule = reduceOnPlateau({ initial: 1 });
    expect(() => schedule.observe('0.5' as never)).toThrow(
      'reduceOnPlateau: observe: expected a number, got a string',
    );
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

describe('cycles', () => {
  it('cosineRestarts falls within each run and starts anew at its end, whatever the lengths', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 1, max: 3 }), (steps, lengthen) => {
        const schedule = cosineRestarts({ initial: 1, steps, lengthen });
        let [beginning, length] = [0, steps];
        for (let run = 0; run < 5; run++) {
          expect(schedule(beginning)).toBe(1);
          for (let step = beginning + 1; step < beginning + length; step++) {
            expect(schedule(step)).toBeLessThan(schedule(step - 1));
          }
          beginning += length;
          length *= lengthen;
        }
      }),
    );
  });

  it('cyclic stays between its bounds, touches both, and is periodic', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        step,
        (rise, fall, at) => {
          const schedule = cyclic({ low: 0.25, high: 1, rise, fall });
          expect(schedule(at)).toBeGreaterThanOrEqual(0.25);
          expect(schedule(at)).toBeLessThanOrEqual(1);
          expect(schedule(at + rise + fall)).toBeCloseTo(schedule(at), 9);
          expect(schedule(3 * (rise + fall))).toBe(0.25);
          expect(schedule(3 * (rise + fall) + rise)).toBe(1);
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
    ['linear: initial', () => linear({ initial: -1, steps: 3 })],
    ['linear: final', () => linear({ initial: 1, final: NaN, steps: 3 })],
    ['linear: steps', () => linear({ initial: 1, steps: 0 })],
    ['polynomial: initial', () => polynomial({ initial: NaN, steps: 3, power: 1 })],
    ['polynomial: final', () => polynomial({ initial: 1, final: -1, steps: 3, power: 1 })],
    ['polynomial: steps', () => polynomial({ initial: 1, steps: -3, power: 1 })],
    ['polynomial: power', () => polynomial({ initial: 1, steps: 3, power: 0 })],
    ['cosine: initial', () => cosine({ initial: -0.1, steps: 3 })],
    ['cosine: final', () => cosine({ initial: 0.1, final: -1, steps: 3 })],
    ['cosine: steps', () => cosine({ initial: 0.1, steps: Infinity })],
    ['cosineRestarts: initial', () => cosineRestarts({ initial: -0.1, steps: 3 })],
    ['cosineRestarts: final', () => cosineRestarts({ initial: 0.1, final: NaN, steps: 3 })],
    ['cosineRestarts: steps', () => cosineRestarts({ initial: 0.1, steps: 0 })],
    ['cosineRestarts: lengthen', () => cosineRestarts({ initial: 0.1, steps: 3, lengthen: 0.5 })],
    ['warmup: steps', () => warmup(constant(1), { steps: 0 })],
    ['warmup: initial', () => warmup(constant(1), { steps: 5, initial: -1 })],
    ['oneCycle: peak', () => oneCycle({ peak: -1, steps: 10 })],
    ['oneCycle: steps', () => oneCycle({ peak: 1, steps: 1 })],
    ['oneCycle: rise', () => oneCycle({ peak: 1, steps: 10, rise: 1.5 })],
    ['oneCycle: initial', () => oneCycle({ peak: 1, steps: 10, initial: -1 })],
    ['oneCycle: final', () => oneCycle({ peak: 1, steps: 10, final: NaN })],
    ['cyclic: low', () => cyclic({ low: -1, high: 1, rise: 2 })],
    ['cyclic: high', () => cyclic({ low: 0, high: NaN, rise: 2 })],
    ['cyclic: rise', () => cyclic({ low: 0, high: 1, rise: 0 })],
    ['cyclic: fall', () => cyclic({ low: 0, high: 1, rise: 2, fall: -1 })],
    ['cyclic: shrink', () => cyclic({ low: 0, high: 1, rise: 2, shrink: 0 })],
    ['momentumAnneal: initial', () => momentumAnneal({ initial: -0.5, steps: 10 })],
    ['momentumAnneal: final', () => momentumAnneal({ final: 1, steps: 10 })],
    ['momentumAnneal: steps', () => momentumAnneal({ steps: 0 })],
    ['byEpoch: stepsPerEpoch', () => byEpoch(constant(1), { stepsPerEpoch: 0 })],
    ['piecewise: the value of part 0', () => piecewise([[0, -1]])],
    [
      'piecewise: the beginning of part 1',
      () =>
        piecewise([
          [0, 1],
          [0, 2],
        ]),
    ],
    ['reduceOnPlateau: initial', () => reduceOnPlateau({ initial: -1 })],
    ['reduceOnPlateau: factor', () => reduceOnPlateau({ initial: 1, factor: 2 })],
    ['reduceOnPlateau: threshold', () => reduceOnPlateau({ initial: 1, threshold: -1 })],
    ['reduceOnPlateau: least', () => reduceOnPlateau({ initial: 1, least: NaN })],
    ['reduceOnPlateau: patience', () => reduceOnPlateau({ initial: 1, patience: -1 })],
    ['reduceOnPlateau: cooldown', () => reduceOnPlateau({ initial: 1, cooldown: NaN })],
    ['sample: steps', () => sample(constant(1), -1)],
  ])('%s is named in the error', (setting, make) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(`${setting}: expected a finite number`);
  });
  it.each([
    ['warmup: expected a schedule', () => warmup(0.1 as never, { steps: 5 })],
    ['byEpoch: expected a schedule', () => byEpoch(0.1 as never, { stepsPerEpoch: 5 })],
    ['sample: expected a schedule', () => sample(undefined as never, 5)],
    ['piecewise: expected a first part that begins at step 0, got no part', () => piecewise([])],
    ['piecewise: expected a first part that begins at step 0, got 5', () => piecewise([[5, 0.1]])],
    ['sample: steps: expected a whole number, got 2.5', () => sample(constant(1), 2.5)],
    [
      'reduceOnPlateau: patience: expected a whole number',
      () => reduceOnPlateau({ initial: 1, patience: 0.5 }),
    ],
    [
      "reduceOnPlateau: better: expected 'smaller' or 'larger', got min",
      () => reduceOnPlateau({ initial: 1, better: 'min' as never }),
    ],
  ])('%s', (message, make) => {
    expect(make).toThrow(message);
  });
});
