import {
  DownhillError,
  DTypeError,
  isFloating,
  isVariable,
  ones,
  TraceError,
  type Variable,
} from '@downhill/tensor';
import { bfgs } from './minimize/bfgs.js';
import { conjugateGradient } from './minimize/conjugate-gradient.js';
import { FlatObjective, type Objective, type Probe } from './minimize/flat-objective.js';
import { gradientDescent } from './minimize/gradient-descent.js';
import { lbfgs } from './minimize/lbfgs.js';
import { lineSearch } from './minimize/line-search.js';
import { newton } from './minimize/newton.js';
import { ruleWalker, type Walker } from './minimize/walker.js';

/** How directions are chosen; all have a line search for the strong Wolfe conditions. */
export type MinimizeMethod = 'newton' | 'bfgs' | 'lbfgs' | 'conjugateGradient' | 'gradientDescent';

/**
 * Why a minimization stopped:
 *
 * - `gradient`: the gradient is 0 within `gradientTolerance`;
 * - `value`: a step lowered the value by no more than `valueTolerance`;
 * - `precision`: no step lowers the value any more, because rounding decides what it is;
 * - `iterations`, `evaluations`: as many as were allowed;
 * - `unbounded`: the value is −∞;
 * - `aborted`: `signal` said so.
 */
export type StopReason =
  'gradient' | 'value' | 'precision' | 'iterations' | 'evaluations' | 'unbounded' | 'aborted';

/** How far a minimization is. */
export interface MinimizeProgress {
  /** The value of the objective where the variables are. */
  readonly value: number;
  /** The Euclidean norm of the gradient there. */
  readonly gradientNorm: number;
  /** Steps taken. */
  readonly iterations: number;
  /** How often value and gradient were computed. */
  readonly evaluations: number;
}

/** How a minimization ended. */
export interface MinimizeResult extends MinimizeProgress {
  readonly reason: StopReason;
}

export interface MinimizeOptions {
  /** `lbfgs` by default. */
  readonly method?: MinimizeMethod;
  /** Stop when the norm of the gradient is no larger than this; 5e-6 by default. */
  readonly gradientTolerance?: number;
  /** Stop when a step lowers the value by no more than this times max(1, |value|); 0 by default: not for this reason. */
  readonly valueTolerance?: number;
  /** Steps to take at most; 1000 by default. */
  readonly maxIterations?: number;
  /** Evaluations to make at most, one more where it takes one to go back to the best point; no limit by default. */
  readonly maxEvaluations?: number;
  /** How many steps `lbfgs` remembers; 10 by default. */
  readonly history?: number;
  /** Up to how many elements `newton` makes the whole Hessian; 100 by default. */
  readonly hessianLimit?: number;
  /** Stops it between two evaluations, the variables at the best point so far. */
  readonly signal?: AbortSignal;
  /** Called after each step, with the variables there. */
  readonly onIteration?: (progress: MinimizeProgress) => void;
}

const DEFAULTS = {
  // SciPy's BFGS wants 1e-5 of the largest component. On the flat floor of the function `penalty I`, with bfgs, that is 7e-8
  // in the value too early (measured on the 18 functions of the tests, November 2026).
  gradientTolerance: 5e-6,
  valueTolerance: 0,
  maxIterations: 1000,
  maxEvaluations: Infinity,
  history: 10,
  hessianLimit: 100,
};

const METHODS: Readonly<
  Record<MinimizeMethod, (objective: FlatObjective, options: typeof DEFAULTS) => Walker>
> = {
  newton: (objective, { hessianLimit }) => newton(objective, hessianLimit),
  bfgs: (objective) => ruleWalker(objective, bfgs),
  lbfgs: (objective, { history }) => ruleWalker(objective, lbfgs(history)),
  conjugateGradient: (objective) => ruleWalker(objective, conjugateGradient),
  gradientDescent: (objective) => ruleWalker(objective, gradientDescent),
};

/** Milliseconds after which timers, and whoever may abort, get their turn. */
const PATIENCE = 30;

/** Probes in one line search at most. */
const PROBES = 40;

export type { Objective };

/**
 * Goes downhill from where the variables are to a minimum of a function that is the same each time it is asked, such as a
 * model's loss on all its data. When it has ended, the variables are at the best point that was found.
 *
 * ```ts
 * const result = await minimize(() => crossEntropy(model.forward(images), labels), model.parameters());
 * ```
 *
 * `objective` returns a scalar computed from the variables. It is traced, so tensors it closes over are uploaded once;
 * what it assigns (running statistics, say) is dropped. The search runs in float64; values have the precision of the
 * objective's dtype.
 *
 * - `lbfgs` (default): quasi-Newton, from the last `history` steps: for any number of variables.
 * - `bfgs`: quasi-Newton, from all steps: n² numbers for n elements.
 * - `newton`: second derivatives, the whole Hessian up to `hessianLimit` elements, products with it beyond: fewest steps.
 * - `conjugateGradient`, `gradientDescent`: no memory but the last step, none at all.
 *
 * Throws, with nothing changed: a DownhillError naming the operation if the objective draws random numbers or reads a host
 * input, for the methods break on noise; a DownhillError if value or gradient are not finite at the start, or for unknown or
 * impossible options; a GradientError for a variable the objective does not depend on; a ShapeError or DTypeError if the
 * objective is no floating scalar, or a variable is not floating; a TraceError inside a compiled function.
 */
export async function minimize(
  objective: Objective,
  variables: readonly Variable[],
  options: MinimizeOptions = {},
): Promise<MinimizeResult> {
  checkObjective(objective, variables);
  const settings = checkOptions(options);
  const { signal, onIteration, method = 'lbfgs' } = options;
  const flat = new FlatObjective(objective, variables);
  const walker = METHODS[method](flat, settings);

  flat.begin();
  let here = await flat.probe(0);
  if (!Number.isFinite(here.value) || !Number.isFinite(here.gradientNorm)) {
    throw new DownhillError(
      `minimize: the objective is ${here.value} with a gradient norm of ${here.gradientNorm} where the variables are; ` +
        'start from a point where both are finite',
    );
  }
  let iterations = 0;
  let previous: number | undefined;
  /** Whether the walker knows nothing but the gradient. */
  let fresh = true;
  const progress = (): MinimizeProgress => ({
    value: here.value,
    gradientNorm: here.gradientNorm,
    iterations,
    evaluations: flat.evaluations,
  });
  const stop = (reason: StopReason): MinimizeResult => ({ ...progress(), reason });

  let slope = here.gradientNorm <= settings.gradientTolerance ? 0 : await walker.begin();
  let rested = performance.now();
  for (;;) {
    if (here.gradientNorm <= settings.gradientTolerance) return stop('gradient');
    if (performance.now() - rested > PATIENCE) {
      await new Promise((resolve) => setTimeout(resolve));
      rested = performance.now();
    }
    if (signal?.aborted === true) return stop('aborted');
    if (iterations >= settings.maxIterations) return stop('iterations');
    const allowed = settings.maxEvaluations - flat.evaluations;
    if (allowed <= 0) return stop('evaluations');

    const start: Probe = { ...here, slope };
    const found =
      slope < 0
        ? await lineSearch(start, (length) => flat.probe(length), {
            first: firstLength(walker, start, previous, fresh),
            curvature: walker.curvature,
            evaluations: Math.min(PROBES, allowed),
          })
        : undefined;
    if (found?.probe.value === -Infinity) return stop('unbounded');
    if (found === undefined || !(found.found || found.probe.value < here.value)) {
      if (fresh) return stop(flat.evaluations >= settings.maxEvaluations ? 'evaluations' : 'precision');
      await flat.probe(0);
      slope = await walker.begin();
      previous = undefined;
      fresh = true;
      continue;
    }
    if (!flat.hasProbed(found.length)) await flat.probe(found.length);
    slope = await walker.step(found.length);
    previous = here.value;
    here = found.probe;
    iterations++;
    fresh = false;
    onIteration?.(progress());
    const { valueTolerance } = settings;
    if (valueTolerance > 0 && previous - here.value <= valueTolerance * Math.max(1, Math.abs(here.value))) {
      return stop('value');
    }
  }
}

/**
 * The length to try first: 1 along directions that know their own; along the bare gradient no farther than 1; else
 * what would lower the value as much as the step before did.
 */
function firstLength(
  { scaled }: Walker,
  { value, slope }: Probe,
  previous: number | undefined,
  fresh: boolean,
): number {
  if (scaled === 'always') return 1;
  if (fresh || previous === undefined) return Math.min(1, 1 / Math.sqrt(-slope));
  if (scaled === 'learned') return 1;
  return Math.min(1, (1.01 * 2 * (value - previous)) / slope);
}

function checkObjective(objective: unknown, variables: unknown): void {
  if (ones([]).trace !== undefined) {
    throw new TraceError('minimize inside a compiled function: it has to look at values; call it outside');
  }
  if (typeof objective !== 'function') {
    throw new DTypeError(`minimize: expected a function () => scalar as objective, got ${typeof objective}`);
  }
  if (!Array.isArray(variables) || variables.length === 0) {
    throw new DTypeError(
      'minimize: expected an array of at least one variable, as in minimize(objective, [x])',
    );
  }
  variables.forEach((each: unknown, place) => {
    if (!isVariable(each)) {
      throw new DTypeError(`minimize: expected variables, got ${typeof each} at place ${place}`);
    }
    if (!isFloating(each.dtype)) {
      throw new DTypeError(
        `minimize: variable '${each.name}' is ${each.dtype}; only float32 and float64 can be minimized over`,
      );
    }
    if (variables.indexOf(each) !== place) {
      throw new DownhillError(`minimize: variable '${each.name}' is listed twice; list each once`);
    }
  });
}

function checkOptions(options: MinimizeOptions): typeof DEFAULTS {
  const known = [...Object.keys(DEFAULTS), 'method', 'signal', 'onIteration'];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new DownhillError(`minimize: there is no option ${unknown}; the options are ${known.join(', ')}`);
  }
  const { method = 'lbfgs' } = options;
  if (!Object.hasOwn(METHODS, method)) {
    throw new DownhillError(
      `minimize: method: expected one of ${Object.keys(METHODS).join(', ')}, got ${String(method)}`,
    );
  }
  const settings = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value: unknown = options[name] ?? DEFAULTS[name];
    const tolerance = name.endsWith('Tolerance');
    const least = name === 'history' || name === 'maxEvaluations' ? 1 : 0;
    const valid =
      typeof value === 'number' &&
      value >= least &&
      (tolerance || value === Infinity || Number.isInteger(value));
    if (!valid || (value === Infinity && name === 'history')) {
      const kind = tolerance ? 'number' : 'whole number';
      throw new DownhillError(
        `minimize: ${name}: expected a ${kind} of at least ${least}, got ${String(value)}`,
      );
    }
    settings[name] = value;
  }
  return settings;
}
