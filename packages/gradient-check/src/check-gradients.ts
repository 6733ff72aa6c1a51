import { gradients } from '@downhill/autograd';
import {
  add,
  cast,
  compile,
  DownhillError,
  DTypeError,
  equal,
  formatShape,
  generator,
  iota,
  isFloating,
  isTensor,
  isVariable,
  ones,
  random,
  reshape,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tensor,
  TraceError,
  where,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { drawPlaces, indexAt } from './coordinates.js';
import { Float64Graph } from './float64-graph.js';
import { countCrossings, kinksOf } from './kinks.js';
import { judge, printable, type Coordinate, type PrintableReport, type ParameterReport } from './report.js';

export interface CheckOptions {
  /** h of the centered difference (f(x + h) − f(x − h)) / 2h; 1e-5 by default. */
  readonly stepSize?: number;
  /** How many coordinates are drawn from each parameter, all where there are no more; 10 by default. */
  readonly coordinates?: number;
  /** The relative error up to which a gradient passes; 1e-5 by default. */
  readonly tolerance?: number;
  /** Where the draw of coordinates starts; 0 by default. */
  readonly seed?: number;
  /** Steps of training to run first, because a loss at random weights may hide what matters later. */
  readonly burnIn?: { readonly steps: number; readonly step: () => unknown };
  /** The part of the loss that is regularization: a warning says where its gradient hides that of the data. */
  readonly regularization?: () => Tensor;
}

const DEFAULTS = { stepSize: 1e-5, coordinates: 10, tolerance: 1e-5, seed: 0 };

/** Rounding errors of a loss in units of its last place, up to which a difference means nothing. */
const ROUNDING = 16;

/**
 * Compares the gradient that the backward pass gives with centered differences, as the notes of CS231n on gradient checks
 * advise: both in float64, whatever the dtype of the model, at the same random draws, in a few coordinates of EVERY
 * parameter. A coordinate with a kink between its two points (a winner of max, relu, abs or a comparison changes) is
 * reported as such and not counted.
 *
 * ```ts
 * const report = await checkGradients(() => crossEntropy(model.forward(x), labels), model.state());
 * console.log(String(report));
 * ```
 *
 * @param loss computed from the variables, and not changed by being computed twice: what it assigns is dropped, what it
 *   draws is drawn again. Where it is not a scalar its elements are summed up with random weights, so that a single layer
 *   can be checked as it is.
 * @param variables the parameters, or by name, as `model.state()` has them; those that are not trainable are left out of a
 *   record. To check the gradient by an input, make the input a variable.
 * @throws DownhillError, with nothing changed, if the loss does not depend on a variable or is not finite, and for unknown
 *   or impossible options; a DTypeError for a loss or variable that is not floating; a TraceError in a compiled function
 */
export async function checkGradients(
  loss: () => Tensor,
  variables: readonly Variable[] | Readonly<Record<string, Variable>>,
  options: CheckOptions = {},
): Promise<PrintableReport> {
  const { stepSize, coordinates: count, tolerance, seed } = checkOptions(options);
  const parameters = namesOf(loss, variables);
  const cells = parameters.map(({ variable }) => variable);
  const { burnIn, regularization } = options;
  for (let i = 0; i < (burnIn?.steps ?? 0); i++) await burnIn?.step();

  const source = generator(seed);
  const analytic = compile(() => {
    const { graph, points, value } = open(loss, parameters, (point) => point, seed);
    const found = gradients(graph.build(value), points, { unused: 'zero' });
    const penalty = regularization === undefined ? undefined : graph.build(regularization());
    const shares =
      penalty === undefined ? [] : sharesOf(found, gradients(penalty, points, { unused: 'zero' }));
    return closed(value, { loss: graph.build(value), found, shares });
  });
  const probe = compile((places: Tensor, step: Tensor) => {
    const moved =
      (sign: 1 | -1) =>
      (point: Tensor, i: number): Tensor => {
        const here = equal(iota(point.size), places.slice(i));
        return add(point, reshape(where(here, step.mul(sign), 0), point.shape));
      };
    const { graph: above, value, versions } = open(loss, parameters, moved(1), seed);
    const below = new Float64Graph(versions.map((version, i) => [version, moved(-1)(float64(version), i)]));
    const values = [above.build(value), below.build(value)];
    const kinks = kinksOf(value, above);
    const crossings = kinks.map((kink) => ({ name: kink.name, count: countCrossings(kink, above, below) }));
    return closed(value, { values, crossings });
  });

  const { loss: lossTensor, found, shares } = analytic();
  const lossValue = await read(lossTensor);
  if (!Number.isFinite(lossValue)) {
    throw new DownhillError(
      `checkGradients: the loss is ${lossValue} in float64; check it where it is finite, at other weights or data`,
    );
  }

  const step = tensor(stepSize, { dtype: 'float64' });
  const reports: ParameterReport[] = [];
  for (const [i, { name, variable }] of parameters.entries()) {
    const derivatives = await found[i].data();
    const seen: Coordinate[] = [];
    let smooth = true;
    for (const place of await drawPlaces(variable.size, count, source)) {
      const places = Int32Array.from(cells, (_, each) => (each === i ? place : -1));
      const { values, crossings } = probe(tensor(places), step);
      const [above, below] = await Promise.all(values.map(read));
      const counts = await Promise.all(crossings.map((each) => read(each.count)));
      const crossed = crossings.find((_, each) => counts[each] > 0);
      smooth = crossings.length === 0;
      const numeric = (above - below) / (2 * stepSize);
      const rounding = (ROUNDING * 2 ** -53 * (Math.abs(above) + Math.abs(below))) / (2 * stepSize);
      seen.push({
        index: indexAt(place, variable.shape),
        analytic: derivatives[place],
        numeric,
        error: relativeError(derivatives[place], numeric, rounding),
        kink: crossed?.name ?? null,
      });
    }
    reports.push(summarize(name, variable, seen, smooth));
  }
  return printable({
    passed: reports.every(({ worst }) => worst !== null && worst.error <= tolerance),
    loss: lossValue,
    tolerance,
    parameters: reports,
    warnings: [...warningsOf(reports), ...(await regularizationWarnings(parameters, shares))],
  });
}

/** The only element of a tensor, on any backend. */
async function read(scalar: Tensor): Promise<number> {
  return (await scalar.data())[0];
}

interface Named {
  readonly name: string;
  readonly variable: Variable;
}

interface Opened {
  readonly graph: Float64Graph;
  /** The loss as it was written, made a scalar. */
  readonly value: Tensor;
  /** The variables as the loss reads them. */
  readonly versions: readonly Tensor[];
  /** What stands for them in float64. */
  readonly points: readonly Tensor[];
}

/** While tracing: computes the loss, and a graph of it in float64 where variables are replaced by what `place` gives. */
function open(
  loss: () => Tensor,
  parameters: readonly Named[],
  place: (point: Tensor, i: number) => Tensor,
  seed: number,
): Opened {
  const versions = parameters.map(({ variable }) => variable.value);
  const points = versions.map((version, i) => place(float64(version), i));
  const value = asScalar(loss(), seed);
  const graph = new Float64Graph(versions.map((version, i) => [version, points[i]]));
  graph.build(value);
  const reached = new Set([value]);
  for (const { inputs } of reached) for (const input of inputs) reached.add(input);
  const unused = versions.findIndex((version) => !reached.has(version));
  if (unused >= 0) {
    throw new DownhillError(
      `checkGradients: the loss does not depend on variable '${parameters[unused].name}'; leave it out, or compute what ` +
        'depends on it inside the loss',
    );
  }
  return { graph, value, versions, points };
}

/** Takes back what the loss assigned: the trace that `value` belongs to is ours, and has nothing else to store. */
function closed<Result>({ trace }: Tensor, result: Result): Result {
  trace?.assigned.clear();
  return result;
}

/** A node of its own in float64, even where the version is float64 already. */
function float64(version: Tensor): Tensor {
  return cast(version, 'float64').add(0);
}

function asScalar(value: unknown, seed: number): Tensor {
  if (!isTensor(value)) {
    const got = value instanceof Promise ? 'a promise; it must not be async' : typeof value;
    throw new DTypeError(`checkGradients: the loss must return a tensor, got ${got}`);
  }
  if (!isFloating(value.dtype)) {
    throw new DTypeError(`checkGradients: the loss must be float32 or float64, got ${value.dtype}`);
  }
  if (value.rank === 0) return value;
  const weights = random.uniform(value.shape, { low: 0.5, high: 1.5, generator: generator(seed) });
  return sum(cast(value, 'float64').mul(cast(weights, 'float64')));
}

/** 0 for what rounding explains, Infinity for what is not a number. */
function relativeError(analytic: number, numeric: number, rounding: number): number {
  const difference = Math.abs(analytic - numeric);
  if (!Number.isFinite(difference)) return Infinity;
  return difference <= rounding
    ? 0
    : (difference - rounding) / Math.max(Math.abs(analytic), Math.abs(numeric));
}

function summarize(
  name: string,
  { shape }: Variable,
  coordinates: readonly Coordinate[],
  smooth: boolean,
): ParameterReport {
  const worst = coordinates
    .filter(({ kink }) => kink === null)
    .reduce<Coordinate | null>(
      (largest, each) => (largest === null || each.error > largest.error ? each : largest),
      null,
    );
  return {
    name,
    shape,
    verdict: worst === null ? 'unknown' : judge(worst.error, smooth),
    worst,
    coordinates,
  };
}

function warningsOf(reports: readonly ParameterReport[]): string[] {
  return reports.flatMap(({ name, worst, coordinates }) => {
    if (worst === null) {
      return [
        `all coordinates of ${name} that were looked at cross a kink; take a smaller stepSize or more coordinates`,
      ];
    }
    const idle = coordinates.every(({ analytic, numeric }) => analytic === 0 && numeric === 0);
    return idle ? [`all derivatives by ${name} that were looked at are 0, which proves little`] : [];
  });
}

/** For each parameter the norms of the data's and of the regularization's gradient. */
function sharesOf(all: readonly Tensor[], regularization: readonly Tensor[]): Tensor[] {
  return all.map((each, i) =>
    stack([sub(each, regularization[i]), regularization[i]].map((gradient) => sqrt(sum(square(gradient))))),
  );
}

async function regularizationWarnings(
  parameters: readonly Named[],
  shares: readonly Tensor[],
): Promise<string[]> {
  const norms = await Promise.all(shares.map((each) => each.data()));
  return norms.flatMap(([data, regularization], i) =>
    regularization > data
      ? [
          `the regularization dominates the gradient by ${parameters[i].name} (norm ${regularization.toPrecision(3)}, the ` +
            `data's ${data.toPrecision(3)}) and may hide that of the data; check once more without it`,
        ]
      : [],
  );
}

/** The variables by name; where a list has a name twice, by place and name. */
function namesOf(loss: unknown, variables: unknown): Named[] {
  if (ones([]).trace !== undefined) {
    throw new TraceError(
      'checkGradients inside a compiled function: it has to look at values; call it outside',
    );
  }
  if (typeof loss !== 'function') {
    throw new DTypeError(`checkGradients: expected a function () => loss, got ${typeof loss}`);
  }
  if (typeof variables !== 'object' || variables === null) {
    throw new DTypeError(
      `checkGradients: expected variables, in an array or by name, got ${String(variables)}`,
    );
  }
  const list = Array.isArray(variables);
  const entries = Object.entries(variables as Readonly<Record<string, unknown>>);
  const parameters = entries.map(([key, variable]): Named => {
    if (!isVariable(variable)) {
      throw new DTypeError(`checkGradients: expected a variable at ${key}, got ${typeof variable}`);
    }
    return { name: list ? variable.name : key, variable };
  });
  const checked = list ? parameters : parameters.filter(({ variable }) => variable.trainable);
  if (checked.length === 0)
    throw new DownhillError('checkGradients: expected at least one variable, got none');
  return checked.map(({ name, variable }, place) => {
    if (!isFloating(variable.dtype)) {
      throw new DTypeError(
        `checkGradients: variable '${name}' is ${variable.dtype} of shape ${formatShape(variable.shape)}; ` +
          'only float32 and float64 have gradients',
      );
    }
    if (checked.findIndex((other) => other.variable === variable) !== place) {
      throw new DownhillError(`checkGradients: variable '${name}' is listed twice; list each once`);
    }
    const twice = checked.filter((other) => other.name === name).length > 1;
    return { name: twice ? `${place}.${name}` : name, variable };
  });
}

function checkOptions(options: CheckOptions): typeof DEFAULTS {
  const known = [...Object.keys(DEFAULTS), 'burnIn', 'regularization'];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new DownhillError(
      `checkGradients: there is no option ${unknown}; the options are ${known.join(', ')}`,
    );
  }
  const { stepSize, coordinates, tolerance, seed } = { ...DEFAULTS, ...options };
  const require = (valid: boolean, name: string, expected: string, got: unknown): void => {
    if (!valid) throw new DownhillError(`checkGradients: ${name}: expected ${expected}, got ${String(got)}`);
  };
  const whole = (value: unknown, least: number): boolean =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
  require(stepSize > 0 && stepSize < Infinity, 'stepSize', 'a number above 0', stepSize);
  require(coordinates === Infinity ||
    whole(coordinates, 1), 'coordinates', 'a whole number of at least 1', coordinates);
  require(tolerance >= 0, 'tolerance', 'a number of at least 0', tolerance);
  require(whole(seed, 0), 'seed', 'a whole number of at least 0', seed);
  const { burnIn, regularization } = options;
  if (burnIn !== undefined) {
    require(whole(burnIn.steps, 0), 'burnIn.steps', 'a whole number of at least 0', burnIn.steps);
    require(typeof burnIn.step === 'function', 'burnIn.step', 'a function', burnIn.step);
  }
  require(regularization === undefined ||
    typeof regularization === 'function', 'regularization', 'a function', regularization);
  return { stepSize, coordinates, tolerance, seed };
}
