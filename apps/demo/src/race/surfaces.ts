import type { Region } from './trajectory.js';

/** A loss surface one can choose. */
export interface Surface {
  readonly title: string;
  /** See `parseFormula`. */
  readonly formula: string;
  /** What the map shows: its middle, and how far it goes up and down from there. */
  readonly middle: readonly [number, number];
  readonly reach: number;
  readonly start: readonly [number, number];
  /** Its lowest points, and the loss there; undefined where nobody knows. */
  readonly minima: readonly (readonly [number, number])[];
  readonly lowest: number | undefined;
  readonly rates: Rates;
}

/**
 * Learning rates for a surface. Rules that make steps of the same kind have the same rate, or the race would show who was given
 * the better one; the rates were chosen from a grid so that of each kind most arrive, and none diverges (November 2026).
 */
export interface Rates {
  /** Where the step is as long as the gradient says. */
  readonly descent: number;
  /** Where the step is about as long as the rate, whatever the gradient. */
  readonly scaled: number;
}

/** The surfaces with a name. Any other is a formula that somebody typed. */
export const surfaces: Readonly<Record<string, Surface>> = {
  bowl: {
    title: 'Elongated bowl',
    formula: '0.025 * x^2 + 2.5 * y^2',
    middle: [0, 0],
    reach: 4,
    start: [-5, 2],
    minima: [[0, 0]],
    lowest: 0,
    rates: { descent: 0.25, scaled: 0.1 },
  },
  beale: {
    title: 'Beale',
    formula: '(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2',
    middle: [0.5, 0],
    reach: 3,
    start: [1, 1.5],
    minima: [[3, 0.5]],
    lowest: 0,
    rates: { descent: 0.005, scaled: 0.1 },
  },
  saddle: {
    title: 'Saddle',
    formula: 'x^2 - y^2 / 2 + y^4 / 16',
    middle: [0, 0],
    reach: 3,
    start: [2.5, 0.001],
    minima: [
      [0, 2],
      [0, -2],
    ],
    lowest: -1,
    rates: { descent: 0.1, scaled: 0.1 },
  },
  rosenbrock: {
    title: 'Rosenbrock',
    formula: '(1 - x)^2 + 100 * (y - x^2)^2',
    middle: [0, 0.75],
    reach: 1.5,
    start: [-1.2, 1],
    minima: [[1, 1]],
    lowest: 0,
    rates: { descent: 0.001, scaled: 0.1 },
  },
  ravine: {
    title: 'Noisy ravine',
    formula: '4 * (y - sin(x))^2 + x^2 / 8 + noise * x / 2 + noise * y',
    middle: [0, 0],
    reach: 3,
    start: [-3.5, 2],
    minima: [[0, 0]],
    lowest: 0,
    rates: { descent: 0.05, scaled: 0.2 },
  },
};

/** What a formula that somebody typed gets, until they choose otherwise. */
export const TYPED_RATES: Rates = { descent: 0.01, scaled: 0.1 };

/** A surface for a formula that somebody typed, in the middle of a map that goes as far as `reach`. */
export function typedSurface(formula: string, reach: number): Surface {
  return {
    title: 'Your formula',
    formula,
    middle: [0, 0],
    reach,
    start: [0.8 * reach, 0.7 * reach],
    minima: [],
    lowest: undefined,
    rates: TYPED_RATES,
  };
}

/** The learning rate of a racer on a surface, where nobody chooses another. */
export function fairRate(racer: string, { descent, scaled }: Rates): number {
  switch (racer) {
    case 'sgd':
    case 'momentum':
    case 'nesterov':
      return descent;
    case 'radam': // Its first steps are momentum's.
      return 2 * descent;
    case 'adadelta': // Finds its scale by itself, from tiny steps on.
      return 5;
    case 'rmsprop': // Its first steps are ten times the rate.
    case 'lion': // All of its steps are as long as they can be.
    case 'lamb': // A share of the way from the origin.
      return scaled / 5;
    default:
      return scaled;
  }
}

/** Width of a map by its height. */
export const ASPECT = 4 / 3;

export function regionOf({ middle: [x, y], reach }: Pick<Surface, 'middle' | 'reach'>): Region {
  return { x: [x - reach * ASPECT, x + reach * ASPECT], y: [y - reach, y + reach] };
}
