import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrival, goal, ranking } from '../src/race/arrival.js';
import { contourLevels } from '../src/race/levels.js';
import { parseSetups, race, racers, writeSetups, type RacerSetup } from '../src/race/racers.js';
import { fairRate, regionOf, surfaces } from '../src/race/surfaces.js';
import { heights, type Course, type Trajectory } from '../src/race/trajectory.js';

const courseOn = (name: string, steps = 150): Course => {
  const { formula, start, reach } = surfaces[name];
  return { formula, start, steps, seed: 0, limit: 100 * reach };
};

const fair = (name: string, surface: string): RacerSetup => ({
  options:
    'learningRate' in racers[name].options ? { learningRate: fairRate(name, surfaces[surface].rates) } : {},
});

const arrivalOn = (surface: string, { loss }: Pick<Trajectory, 'loss'>): number =>
  goal(loss[0], surfaces[surface].lowest ?? NaN);

describe('a racer', () => {
  // Done by hand on h x² / 2: g = h x, v ← μ v − α g, and x ← x + v; sgd has no v, nesterov looks ahead by μ v.
  const H = [0.05, 5];
  const [RATE, MU] = [0.25, 0.9];
  const byHand: Record<string, (x: number, v: number, g: number) => [number, number]> = {
    sgd: (x, v, g) => [x - RATE * g, v],
    momentum: (x, v, g) => [x + MU * v - RATE * g, MU * v - RATE * g],
    nesterov: (x, v, g) => [x + MU * (MU * v - RATE * g) - RATE * g, MU * v - RATE * g],
  };

  it.each(Object.keys(byHand))('goes where its formula says: %s on the bowl', async (name) => {
    const trajectory = await race(name, { options: { learningRate: RATE } }, courseOn('bowl', 60));
    expect(trajectory.ending).toBe('steps');
    let state = surfaces.bowl.start.map((x): [number, number] => [x, 0]);
    for (let k = 0; k <= 60; k++) {
      const [[x], [y]] = state;
      expect(trajectory.x[k]).toBeCloseTo(x, 9);
      expect(trajectory.y[k]).toBeCloseTo(y, 9);
      expect(trajectory.loss[k]).toBeCloseTo((H[0] * x * x + H[1] * y * y) / 2, 9);
      state = state.map(([x, v], i) => byHand[name](x, v, H[i] * x));
    }
  });

  it('goes down every surface at its own rate, and none diverges', async () => {
    for (const surface of Object.keys(surfaces)) {
      for (const name of Object.keys(racers)) {
        const result = await race(name, fair(name, surface), courseOn(surface));
        const secondOrder = name === 'newton' || name === 'lbfgs';
        if (surface === 'ravine' && secondOrder) {
          expect(result.message).toContain('the objective draws random numbers');
          continue;
        }
        expect([surface, name, result.ending]).toEqual([surface, name, secondOrder ? 'minimum' : 'steps']);
        expect(Math.min(...result.loss), `${name} on ${surface}`).toBeLessThan(result.loss[0]);
      }
    }
  }, 120_000);

  it('of second order is at the minimum that the literature gives', async () => {
    for (const [surface, { minima }] of Object.entries(surfaces)) {
      if (surface === 'ravine') continue;
      for (const name of ['newton', 'lbfgs']) {
        const { x, y, evaluations, ending } = await race(name, { options: {} }, courseOn(surface));
        const end = [x[x.length - 1], y[y.length - 1]];
        const distances = minima.map(([a, b]) => Math.hypot(end[0] - a, end[1] - b));
        expect(Math.min(...distances)).toBeLessThan(1e-4);
        expect(ending).toBe('minimum');
        expect(evaluations?.length).toBe(x.length);
      }
    }
  });

  it('sees the noise that its seed gives, and the losses are told without it', async () => {
    const runs = [0, 0, 1].map((seed) =>
      race('sgd', fair('sgd', 'ravine'), { ...courseOn('ravine', 20), seed }),
    );
    const [first, again, other] = await Promise.all(runs);
    expect(again.x).toEqual(first.x);
    expect(other.x).not.toEqual(first.x);
    const [x, y] = [first.x[20], first.y[20]];
    expect(first.loss[20]).toBeCloseTo(4 * (y - Math.sin(x)) ** 2 + x ** 2 / 8, 9);
  });

  it('ends where it diverges', async () => {
    // By hand: y grows by |1 - 5| a step.
    const { y, ending } = await race('sgd', { options: { learningRate: 1 } }, courseOn('bowl'));
    expect(ending).toBe('diverged');
    expect(Math.abs(y[y.length - 1])).toBeCloseTo(2 * 4 ** (y.length - 1), 6);
    expect(y.length - 1).toBe(Math.ceil(Math.log(400 / 2) / Math.log(4)));
  });

  it('follows a schedule', async () => {
    const setup = { options: { learningRate: 0.25 }, schedule: 'linear' };
    const { y } = await race('sgd', setup, courseOn('bowl', 10));
    // By hand: the rate goes to 0 in ten steps, from the first on.
    const expected = Array.from({ length: 10 }, (_, k) => 1 - 5 * 0.25 * (1 - k / 10)).reduce(
      (a, b) => a * b,
      2,
    );
    expect(y[10]).toBeCloseTo(expected, 9);
  });

  it('that refuses says why', async () => {
    const { ending, message, loss } = await race(
      'momentum',
      { options: { momentum: 1.5 } },
      courseOn('bowl'),
    );
    expect(ending).toBe('refused');
    expect(message).toMatch(/momentum/);
    expect(loss).toHaveLength(0);
  });
});

describe('the winner', () => {
  it('needs the fewest steps to where 1 % of the way down is left', () => {
    const run = (...loss: number[]): Trajectory => {
      const none = new Float64Array(loss.length);
      return { x: none, y: none, loss: Float64Array.from(loss), ending: 'steps' };
    };
    const below = goal(101, 1);
    expect(below).toBe(2);
    const runs = {
      slow: run(101, 50, 3, 2),
      fast: run(101, 1.5, 30, 40),
      late: run(101, 99, 98, 97),
      none: run(),
    };
    expect(arrival(runs.slow, below)).toBe(3);
    expect(ranking(runs, below)).toEqual([
      { name: 'fast', steps: 1 },
      { name: 'slow', steps: 3 },
    ]);
  });

  it('is nesterov on the elongated bowl, then momentum, sgd far behind', async () => {
    const steps: Record<string, number | undefined> = {};
    for (const name of ['sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam']) {
      const result = await race(name, fair(name, 'bowl'), courseOn('bowl'));
      steps[name] = arrival(result, arrivalOn('bowl', result));
    }
    // The first three by the recurrences above, in Python.
    expect(steps).toMatchObject({ sgd: 71, momentum: 19, nesterov: 13, adagrad: undefined });
    expect(steps.adam).toBeGreaterThan(19);
    expect(steps.rmsprop).toBeGreaterThan(19);
  });
});

describe('options of racers in a link', () => {
  it('are read as they were written', () => {
    const setup = fc.constantFrom(...Object.keys(racers)).chain((name) =>
      fc.record({
        name: fc.constant(name),
        options: fc.dictionary(
          fc.constantFrom(...Object.keys(racers[name].options), 'learningRate'),
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
          { minKeys: 1 },
        ),
        schedule: fc.constantFrom(undefined, 'cosine', 'step'),
      }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(setup, { selector: ({ name }) => name }), (list) => {
        const setups = Object.fromEntries(
          list
            .filter(({ name }) => 'learningRate' in racers[name].options)
            .map(({ name, options, schedule }): [string, RacerSetup] => [
              name,
              schedule === undefined ? { options: { ...options } } : { options: { ...options }, schedule },
            ]),
        );
        expect(parseSetups(writeSetups(setups))).toEqual(setups);
      }),
    );
  });

  it('leave out what there is not', () => {
    expect(parseSetups('adam learningRate fast beta9 3 schedule never, turtle learningRate 1, sgd')).toEqual({
      adam: { options: {} },
      sgd: { options: {} },
    });
  });
});

describe('the map', () => {
  it('has the losses row by row, from the lowest y up', () => {
    const { values } = heights('x + 10 * y', { x: [0, 2], y: [0, 1] }, 3, 2);
    expect([...values]).toEqual([0, 1, 2, 10, 11, 12]);
    expect([...heights('x', { x: [0, 1], y: [0, 1] }, 2, 2).values]).toEqual([0, 1, 0, 1]);
  });

  it('has levels that rise, between the lowest and the highest, and half of them in half of the map', () => {
    for (const [name, surface] of Object.entries(surfaces)) {
      const { values } = heights(surface.formula, regionOf(surface), 80, 60);
      const levels = contourLevels(values, 16);
      expect(levels).toHaveLength(16);
      expect([...levels].sort((a, b) => a - b)).toEqual(levels);
      const below = values.filter((value) => value < levels[8]).length / values.length;
      expect(below, name).toBeGreaterThan(0.35);
      expect(below, name).toBeLessThan(0.65);
    }
  });

  it('has none where there is nothing to tell apart', () => {
    expect(contourLevels([1, 1, 1], 8)).toEqual([]);
    expect(contourLevels([NaN, Infinity], 8)).toEqual([]);
  });
});
