import type { Probe } from './flat-objective.js';

/** What a step has to fulfil, and how hard it is tried. */
export interface LineSearchOptions {
  /** The length tried first. */
  readonly first: number;
  /** c₂ of the strong Wolfe conditions: how much of the slope may be left. */
  readonly curvature: number;
  /** How many probes may be made. */
  readonly evaluations: number;
}

/** The step that was found. */
export interface Step {
  readonly length: number;
  readonly probe: Probe;
  /** Whether it fulfils the conditions; if not it is the best that was seen, perhaps no step at all. */
  readonly found: boolean;
}

/** c₁ of the strong Wolfe conditions: the share of the decrease promised by the slope that must come true. */
const SUFFICIENT = 1e-4;
const SHORTEST = 1e-20;
const LONGEST = 1e20;
/** The least relative width of a bracket: below it rounding decides. */
const NARROWEST = 1e-14;

interface Sample {
  readonly length: number;
  readonly value: number;
  readonly slope: number;
}

/**
 * A step that satisfies the strong Wolfe conditions f(t) ≤ f(0) + c₁ t f'(0) and |f'(t)| ≤ c₂ |f'(0)|, after Moré &
 * Thuente, Line search algorithms with guaranteed sufficient decrease, ACM TOMS 20 (1994): a bracket around such a step
 * shrinks by cubic and quadratic interpolation of values and slopes. A step to where the function is not finite is too
 * long, and taken back half way at a time.
 */
export async function lineSearch(
  start: Probe,
  probe: (length: number) => Promise<Probe>,
  { first, curvature, evaluations }: LineSearchOptions,
): Promise<Step> {
  const promised = SUFFICIENT * start.slope;
  let best: Sample = { length: 0, value: start.value, slope: start.slope };
  let other = best;
  let bestProbe = start;
  let bracketed = false;
  let longest = LONGEST;
  // Until the promised decrease meets a rising slope, a function is searched from which the promise was subtracted.
  let towardsPromise = true;
  let [low, high] = [0, 5 * first];
  let [width, widthBefore] = [Infinity, Infinity];
  let length = first;

  for (let count = 0; count < evaluations; count++) {
    const seen = await probe(length);
    if (seen.value === -Infinity) return { length, probe: seen, found: false };
    if (!Number.isFinite(seen.value) || !Number.isFinite(seen.slope)) {
      longest = length;
      length = best.length + (length - best.length) / 2;
      if (length - best.length < SHORTEST) break;
      high = Math.min(high, longest);
      continue;
    }
    const sample = { length, value: seen.value, slope: seen.slope };
    const allowed = start.value + length * promised;
    const enough = seen.value <= allowed;
    if (enough && Math.abs(seen.slope) <= -curvature * start.slope) {
      return { length, probe: seen, found: true };
    }
    if (length >= longest && enough && seen.slope <= promised) break;
    if (enough && seen.slope >= 0) towardsPromise = false;

    const shifted = towardsPromise && seen.value <= best.value && !enough;
    const tilt = shifted ? promised : 0;
    const next = refine(tilted(best, tilt), tilted(other, tilt), tilted(sample, tilt), {
      bracketed,
      low,
      high,
    });
    if (next.best.length === length) bestProbe = seen;
    best = tilted(next.best, -tilt);
    other = tilted(next.other, -tilt);
    bracketed = next.bracketed;
    length = next.trial;

    if (bracketed) {
      const now = Math.abs(other.length - best.length);
      // The bracket has to shrink to two thirds in two rounds; else it is halved.
      if (now >= 0.66 * widthBefore) length = best.length + (other.length - best.length) / 2;
      [widthBefore, width] = [width, now];
      [low, high] = [Math.min(best.length, other.length), Math.max(best.length, other.length)];
    } else {
      [low, high] = [length + 1.1 * (length - best.length), length + 4 * (length - best.length)];
    }
    length = Math.min(longest, Math.max(SHORTEST, length));
    if (bracketed && (length <= low || length >= high || high - low <= NARROWEST * high)) break;
    if (!Number.isFinite(length)) break;
  }
  return { length: best.length, probe: bestProbe, found: false };
}

/** The sample of the function minus `tilt` times the length. */
function tilted({ length, value, slope }: Sample, tilt: number): Sample {
  return tilt === 0
    ? { length, value, slope }
    : { length, value: value - tilt * length, slope: slope - tilt };
}

interface Bracket {
  readonly bracketed: boolean;
  readonly low: number;
  readonly high: number;
}

/** The interval and the next trial from a new sample: the four cases of section 4 of the paper. */
function refine(
  best: Sample,
  other: Sample,
  sample: Sample,
  { bracketed, low, high }: Bracket,
): { best: Sample; other: Sample; trial: number; bracketed: boolean } {
  const turns = sample.slope * Math.sign(best.slope) < 0;
  const cubic = cubicMinimum(best, sample);
  const secant = secantMinimum(best, sample);
  const far = (to: number): number => Math.abs(to - sample.length);
  let trial: number;
  let around = bracketed;

  if (sample.value > best.value) {
    // Higher: the minimum lies between. The cubic's if it is nearer to the best, else half way to the parabola's.
    const parabola = parabolaMinimum(best, sample);
    const near = Math.abs(cubic - best.length) < Math.abs(parabola - best.length);
    trial = near ? cubic : cubic + (parabola - cubic) / 2;
    around = true;
  } else if (turns) {
    // Lower and rising: the minimum lies between. The one farther from the sample.
    trial = far(cubic) > far(secant) ? cubic : secant;
    around = true;
  } else if (Math.abs(sample.slope) < Math.abs(best.slope)) {
    // Lower and flatter: on, by the cubic if it has its minimum there.
    const onwards = (cubic - sample.length) * (sample.length - best.length) > 0;
    const curve = onwards ? cubic : sample.length > best.length ? high : low;
    if (bracketed) {
      trial = far(curve) < far(secant) ? curve : secant;
      const bound = sample.length + 0.66 * (other.length - sample.length);
      trial = sample.length > best.length ? Math.min(bound, trial) : Math.max(bound, trial);
    } else {
      trial = far(curve) > far(secant) ? curve : secant;
      trial = Math.max(low, Math.min(high, trial));
    }
  } else if (bracketed) {
    // Lower and not flatter: towards the other end.
    trial = cubicMinimum(other, sample);
  } else {
    trial = sample.length > best.length ? high : low;
  }

  const higher = sample.value > best.value;
  const ends = higher ? { best, other: sample } : { best: sample, other: turns ? best : other };
  return { ...ends, trial, bracketed: around };
}

/** The minimum of the cubic through two values and slopes. */
function cubicMinimum(a: Sample, b: Sample): number {
  const theta = (3 * (a.value - b.value)) / (b.length - a.length) + a.slope + b.slope;
  const scale = Math.max(Math.abs(theta), Math.abs(a.slope), Math.abs(b.slope));
  const inside = (theta / scale) ** 2 - (a.slope / scale) * (b.slope / scale);
  const root = scale * Math.sqrt(Math.max(0, inside)) * (b.length > a.length ? -1 : 1);
  const share = (root - b.slope + theta) / (2 * root - b.slope + a.slope);
  return b.length + share * (a.length - b.length);
}

/** The minimum of the parabola through the value and slope at a, and the value at b. */
function parabolaMinimum(a: Sample, b: Sample): number {
  const width = b.length - a.length;
  return a.length + (a.slope / ((a.value - b.value) / width + a.slope) / 2) * width;
}

/** Where the slope would be 0 if it were linear. */
function secantMinimum(a: Sample, b: Sample): number {
  return b.length + (b.slope / (b.slope - a.slope)) * (a.length - b.length);
}
