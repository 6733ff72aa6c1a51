import {
  constant,
  cosine,
  cosineRestarts,
  cyclic,
  exponentialDecay,
  inverseTimeDecay,
  linear,
  oneCycle,
  polynomial,
  stepDecay,
  warmup,
  type Schedule,
} from '@downhill/schedules';

/** A schedule one can choose: for the rate to begin with, or to reach, and the number of steps of the whole training. */
export interface ScheduleChoice {
  readonly title: string;
  readonly make: (rate: number, steps: number) => Schedule;
}

/** The schedules, by name. */
export const schedules: Readonly<Record<string, ScheduleChoice>> = {
  constant: { title: 'Constant', make: (rate) => constant(rate) },
  step: {
    title: 'Step decay (a half, four times)',
    make: (initial, steps) => stepDecay({ initial, factor: 0.5, every: steps / 5 }),
  },
  exponential: {
    title: 'Exponential decay (to a hundredth)',
    make: (initial, steps) => exponentialDecay({ initial, rate: 0.01, every: steps }),
  },
  inverse: {
    title: '1/t decay (to a tenth)',
    make: (initial, steps) => inverseTimeDecay({ initial, rate: 9 / steps }),
  },
  linear: { title: 'Linear', make: (initial, steps) => linear({ initial, steps }) },
  polynomial: {
    title: 'Polynomial (square)',
    make: (initial, steps) => polynomial({ initial, steps, power: 2 }),
  },
  cosine: { title: 'Cosine', make: (initial, steps) => cosine({ initial, steps }) },
  restarts: {
    title: 'Cosine with restarts',
    make: (initial, steps) => cosineRestarts({ initial, steps: steps / 4 }),
  },
  warmup: {
    title: 'Warm-up, then cosine',
    make: (initial, steps) => warmup(cosine({ initial, steps: 0.9 * steps }), { steps: 0.1 * steps }),
  },
  oneCycle: { title: 'One cycle', make: (peak, steps) => oneCycle({ peak, steps }) },
  cyclic: {
    title: 'Triangles',
    make: (high, steps) => cyclic({ low: high / 10, high, rise: steps / 8 }),
  },
};
