import { gradients } from '@downhill/autograd';
import { minimize, type MinimizeMethod, type Optimizer } from '@downhill/optimizers';
import {
  add,
  compile,
  DownhillError,
  generator,
  random,
  tensor,
  variable,
  type Tensor,
  type TensorLike,
  type Variable,
} from '@downhill/tensor';
import { parseFormula, type Formula } from './formula.js';

/** What all racers of one race share; plain data, so that a page can send it to a worker. */
export interface Course {
  /** See `parseFormula`. */
  readonly formula: string;
  readonly start: readonly [number, number];
  readonly steps: number;
  /** Of the noise, the same for all. */
  readonly seed: number;
  /** Beyond this distance from the start a racer counts as diverged. */
  readonly limit: number;
}

/**
 * Why a trajectory ends where it does: all steps are taken; it diverged; it is at a minimum (only `minimize` looks for that);
 * or it could not begin.
 */
export type Ending = 'steps' | 'diverged' | 'minimum' | 'refused';

/** Where a racer was before the first step and after each. */
export interface Trajectory {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The loss there, without its noise. */
  readonly loss: Float64Array;
  readonly ending: Ending;
  /** How it ended, in words, where there is something to say. */
  readonly message?: string;
  /** How often the gradient was computed up to each place, if not once a step. */
  readonly evaluations?: Float64Array;
}

/** A grid of losses, row by row from the smallest y up. */
export interface Heights {
  readonly columns: number;
  readonly rows: number;
  readonly values: Float64Array;
}

/** The part of the plane that a map shows. */
export interface Region {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The positions of an update rule, one step after the other: one compiled step over a variable of two elements. */
export function runRule(optimizer: Optimizer, course: Course): Trajectory {
  const formula = parseFormula(course.formula);
  const position = startAt(course);
  const noise = generator(course.seed);
  const step = compile(() => {
    const loss = lossAt(formula, position, () => random.normal([], { generator: noise, dtype: 'float64' }));
    optimizer.step([position], gradients(loss, [position]));
  });
  const path = new Path(formula, course);
  for (let i = 0; i < course.steps && !path.diverged; i++) {
    step();
    path.push(position);
  }
  return path.end(path.diverged ? 'diverged' : 'steps');
}

/** The positions of a method of second order, one after each of its line searches. */
export async function runMinimize(method: MinimizeMethod, course: Course): Promise<Trajectory> {
  const formula = parseFormula(course.formula);
  const position = startAt(course);
  const path = new Path(formula, course);
  const evaluations = [0];
  const giveUp = new AbortController();
  const { reason } = await minimize(
    () => lossAt(formula, position, () => random.normal([], { dtype: 'float64' })),
    [position],
    {
      method,
      maxIterations: course.steps,
      signal: giveUp.signal,
      onIteration: (progress) => {
        path.push(position);
        evaluations.push(progress.evaluations);
        if (path.diverged) giveUp.abort();
      },
    },
  );
  const counts = { evaluations: Float64Array.from(evaluations) };
  if (path.diverged || reason === 'unbounded') return { ...path.end('diverged'), ...counts };
  if (reason === 'iterations') return { ...path.end('steps'), ...counts };
  return { ...path.end('minimum'), ...counts };
}

/** A trajectory that did not begin, with the reason. */
export function refused(error: unknown): Trajectory {
  const none = new Float64Array(0);
  const message = error instanceof Error ? error.message : String(error);
  return { x: none, y: none, loss: none, ending: 'refused', message };
}

/** The losses over a region, without noise. */
export function heights(text: string, { x, y }: Region, columns: number, rows: number): Heights {
  const at = ([low, high]: readonly [number, number], i: number, count: number): number =>
    low + ((high - low) * i) / (count - 1);
  const xs = Float64Array.from({ length: columns * rows }, (_, i) => at(x, i % columns, columns));
  const ys = Float64Array.from({ length: columns * rows }, (_, i) => at(y, Math.floor(i / columns), rows));
  return { columns, rows, values: lossesAt(parseFormula(text), xs, ys) };
}

function startAt({ start }: Course): Variable {
  if (!start.every(Number.isFinite)) throw new DownhillError('the start is no point of the plane');
  return variable(tensor([...start], { dtype: 'float64' }), { name: 'position' });
}

function lossAt(formula: Formula, position: Variable, noise: () => TensorLike): Tensor {
  const inputs = { x: position.value.slice(0), y: position.value.slice(1), noise };
  return add(formula.build(inputs), 0);
}

/** All at once, without noise. */
function lossesAt(formula: Formula, x: Float64Array, y: Float64Array): Float64Array {
  const value = formula.build({ x: tensor(x), y: tensor(y), noise: () => 0 });
  return Float64Array.from(add(value, tensor(new Float64Array(x.length))).dataSync(), Number);
}

class Path {
  readonly #x: number[];
  readonly #y: number[];
  readonly #formula: Formula;
  readonly #course: Course;
  diverged = false;

  constructor(formula: Formula, course: Course) {
    this.#formula = formula;
    this.#course = course;
    this.#x = [course.start[0]];
    this.#y = [course.start[1]];
  }

  push(position: Variable): void {
    const [x, y] = Array.from(position.dataSync(), Number);
    const { start, limit } = this.#course;
    // Not a number is not within the limit either.
    this.diverged = !(Math.hypot(x - start[0], y - start[1]) <= limit);
    this.#x.push(x);
    this.#y.push(y);
  }

  end(ending: Ending): Trajectory {
    const [x, y] = [Float64Array.from(this.#x), Float64Array.from(this.#y)];
    return { x, y, loss: lossesAt(this.#formula, x, y), ending };
  }
}
