import { gradients } from '@downhill/autograd';
import {
  cast,
  compile,
  concat,
  DownhillError,
  DTypeError,
  formatShape,
  isFloating,
  isTensor,
  reshape,
  ShapeError,
  slice,
  sum,
  tensor,
  variable,
  zeros,
  type Tensor,
  type Variable,
} from '@downhill/tensor';

/** What is to be minimized: a scalar computed from variables, the same each time it is asked. */
export type Objective = () => Tensor;

/** What the host sees of one evaluation. */
export interface Probe {
  readonly value: number;
  /** The derivative of the value by the length of the step: the gradient times the direction. */
  readonly slope: number;
  /** The Euclidean norm of the gradient. */
  readonly gradientNorm: number;
}

/** An objective at one point, while a function is being traced. */
interface TracedPoint {
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** The Hessian times a vector. */
  readonly curvature: (vector: Tensor) => Tensor;
}

/**
 * An objective of variables as a function of one float64 vector, all their elements in a row, with what every method needs
 * kept on the backend: where it stands, the gradient there, and the direction it looks in.
 */
export class FlatObjective {
  readonly size: number;
  /** Where it stands. */
  readonly point: Variable;
  /** The gradient at `point`. */
  readonly gradient: Variable;
  /** Where steps go. */
  readonly direction: Variable;
  /** The gradient where it was probed last. */
  readonly probed: Variable;
  /** How often value and gradient were computed. */
  evaluations = 0;

  readonly #objective: Objective;
  readonly #variables: readonly Variable[];
  /** How far along the direction it was probed last. */
  #reached = NaN;

  constructor(objective: Objective, variables: readonly Variable[]) {
    this.#objective = objective;
    this.#variables = variables;
    this.size = variables.reduce((size, each) => size + each.size, 0);
    const vector = (name: string, initial: Tensor): Variable => variable(initial, { name, trainable: false });
    const zero = zeros([this.size], { dtype: 'float64' });
    this.point = vector('minimize.point', zero);
    this.gradient = vector('minimize.gradient', zero);
    this.direction = vector('minimize.direction', zero);
    this.probed = vector('minimize.probed', zero);
  }

  /** Stands where the variables are, and looks nowhere. */
  readonly begin = compile(() => {
    this.point.assign(flatten(this.#variables.map(({ value }) => value)));
  });

  /** Value, slope and gradient at a distance along the direction. Nobody's variables change. */
  async probe(length: number): Promise<Probe> {
    this.evaluations++;
    const results = this.#probe(tensor(length, { dtype: 'float64' }));
    const [value, slope, gradientNorm] = await Promise.all(results.map(read));
    this.#reached = length;
    return { value, slope, gradientNorm };
  }

  readonly #probe = compile((length: Tensor): Tensor[] => {
    const { value, gradient } = this.#trace(this.#ahead(length));
    this.probed.assign(gradient);
    return [value, sum(gradient.mul(this.direction)), sum(gradient.square()).sqrt()];
  });

  /** Whether what was probed last is this far along the direction. */
  hasProbed(length: number): boolean {
    return this.#reached === length;
  }

  /** The Hessian at `point` times a vector, for use while tracing. */
  curvature(vector: Tensor): Tensor {
    return this.#trace(this.point.value).curvature(vector);
  }

  /**
   * While tracing: steps to where it was probed last, `length` along the direction, the variables with it. Returns the step
   * and the change of the gradient.
   */
  move(length: Tensor): { step: Tensor; change: Tensor } {
    const next = this.#ahead(length);
    const moved = { step: next.sub(this.point), change: this.probed.sub(this.gradient) };
    this.#place(next);
    this.point.assign(next);
    this.gradient.assign(this.probed);
    return moved;
  }

  #ahead(length: Tensor): Tensor {
    return this.point.add(this.direction.mul(length));
  }

  #pieces(point: Tensor): Tensor[] {
    let start = 0;
    return this.#variables.map(({ shape, size, dtype }) => {
      const piece = slice(point, [start, start + size]);
      start += size;
      return cast(reshape(piece, shape), dtype);
    });
  }

  #place(point: Tensor): void {
    this.#pieces(point).forEach((piece, i) => {
      this.#variables[i].assign(piece);
    });
  }

  #trace(point: Tensor): TracedPoint {
    return forgetAssignments(point.trace, () => {
      this.#place(point);
      const versions = this.#variables.map(({ value }) => value);
      const loss = this.#objective();
      checkLoss(loss);
      checkRepeatable(loss);
      const gradient = flatten(gradients(loss, this.#variables));
      return {
        value: cast(loss, 'float64'),
        gradient,
        curvature: (vector) => flatten(gradients(sum(gradient.mul(vector)), versions, { unused: 'zero' })),
      };
    });
  }
}

/** The only element of a tensor, on any backend. */
export async function read(scalar: Tensor): Promise<number> {
  return (await scalar.data())[0];
}

function flatten(tensors: readonly Tensor[]): Tensor {
  return concat(tensors.map((each) => cast(reshape(each, [each.size]), 'float64')));
}

/** Runs a function that is being traced, and takes back what it assigns: nothing of it will be stored. */
function forgetAssignments<Result>(trace: Tensor['trace'], run: () => Result): Result {
  if (trace === undefined) throw new TypeError('forgetAssignments is for what is being traced');
  const kept = [trace.versions, trace.assigned].map((map) => ({ map, entries: [...map] }));
  try {
    return run();
  } finally {
    for (const { map, entries } of kept) {
      map.clear();
      for (const [key, value] of entries) map.set(key, value);
    }
  }
}

function checkLoss(loss: unknown): asserts loss is Tensor {
  if (!isTensor(loss)) {
    const got = loss instanceof Promise ? 'a promise; it must not be async' : typeof loss;
    throw new DTypeError(`minimize: the objective must return a tensor, a scalar, got ${got}`);
  }
  if (loss.rank > 0) {
    throw new ShapeError(
      `minimize: the objective must return a scalar, got shape ${formatShape(loss.shape)}; use sum() or mean()`,
    );
  }
  if (!isFloating(loss.dtype)) {
    throw new DTypeError(`minimize: the objective must be float32 or float64, got ${loss.dtype}`);
  }
}

/** Throws if the value would be another one the next time: line searches and curvature mean nothing on noise. */
function checkRepeatable(loss: Tensor): void {
  const seen = new Set([loss]);
  for (const { operation, inputs, shape, trace } of seen) {
    if (operation.name === 'randomBits') {
      throw new DownhillError(
        `minimize: the objective draws random numbers (${operation.name} of shape ${formatShape(shape)}); these methods ` +
          'break on noise: turn dropout off, and draw a batch once, outside the objective',
      );
    }
    if (operation.name === 'hostInput') {
      throw new DownhillError(
        `minimize: the objective depends on a ${operation.name}, which may change from one evaluation to the next; ` +
          'read it once, outside the objective',
      );
    }
    // What was made before the trace is computed once, however it came about.
    for (const input of inputs) if (input.trace === trace) seen.add(input);
  }
}
