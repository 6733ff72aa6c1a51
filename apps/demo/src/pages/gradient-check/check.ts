import { gradients } from '@downhill/autograd';
import type { Dataset } from '@downhill/data';
import { checkGradients, type Coordinate, type GradientReport } from '@downhill/gradient-check';
import { crossEntropy } from '@downhill/layers';
import { compile, generator, random, tensor, type Tensor, type Variable } from '@downhill/tensor';
import { buildNetwork, parseLayers, writeLayers, type Network } from '../../network/layers.js';
import { possibleBugs, type Planted } from './bugs.js';

/** What is checked. */
export interface CheckRequest {
  /** See `parseLayers`. */
  readonly layers: string;
  /** h of the centered difference. */
  readonly stepSize: number;
  /** Which bug is planted; none where it is left out. */
  readonly bugSeed?: number;
}

/** What a check found, and what was to be found. */
export interface CheckResult {
  readonly report: GradientReport;
  /** Layers as they are written, then `loss`. */
  readonly layers: readonly string[];
  readonly planted: { readonly title: string; readonly layer: number } | undefined;
}

/** The slope of the loss along one coordinate, at places around where it is. */
export interface Slopes {
  /** Distances from where the coordinate is. */
  readonly places: readonly number[];
  readonly values: readonly number[];
}

/** Relative errors of the numeric derivative by step size, in both precisions. */
export interface Sweep {
  readonly stepSizes: readonly number[];
  readonly float32: readonly number[];
  readonly float64: readonly number[];
}

const EXAMPLES = 4;
const COORDINATES = 8;

/** A small network on a few digits, with or without a bug in its backward pass. */
export class CheckedNetwork {
  readonly planted: Planted | undefined;
  readonly #network: Network;
  readonly #loss: () => Tensor;
  readonly #parameters: Readonly<Record<string, Variable>>;

  constructor(layers: string, data: Dataset, bugSeed?: number) {
    const network = buildNetwork(layers, data.shape);
    const pixels = data.shape.reduce((product, extent) => product * extent, 1);
    const images = tensor(data.images.subarray(0, EXAMPLES * pixels), { shape: [EXAMPLES, ...data.shape] });
    const labels = tensor(data.labels.subarray(0, EXAMPLES));
    const possible = possibleBugs(parseLayers(layers).map(({ kind }) => kind));
    this.planted = bugSeed === undefined ? undefined : possible[pick(possible.length, bugSeed)];
    // Biases start at 0, where blank paper puts every ReLU just at its kink.
    const source = generator(1);
    for (const parameter of network.model.parameters()) {
      if (parameter.rank > 1) continue;
      parameter.assign(parameter.add(random.normal(parameter.shape, { generator: source }).mul(0.1)));
    }
    this.#network = network;
    const { planted } = this;
    const through = (place: number, x: Tensor, right: (x: Tensor) => Tensor): Tensor =>
      planted?.layer === place ? planted.bug.plant(x, right, network.layers.at(place)) : right(x);
    this.#loss = () => {
      let signal: Tensor = images;
      network.layers.forEach(({ modules }, place) => {
        signal = through(place, signal, (x) =>
          modules.reduce((y, module) => module.forward(y, { training: true }), x),
        );
      });
      return through(network.layers.length, signal, (scores) => crossEntropy(scores, labels));
    };
    this.#parameters = Object.fromEntries(
      network.layers.flatMap(({ modules, text }, place) =>
        modules.flatMap((module) =>
          Object.entries(module.state())
            .filter(([, { trainable }]) => trainable)
            .map(([name, variable]) => [`${place + 1}. ${writeLayers([text])}: ${name}`, variable]),
        ),
      ),
    );
  }

  async check(stepSize: number): Promise<CheckResult> {
    const found = await checkGradients(this.#loss, this.#parameters, { stepSize, coordinates: COORDINATES });
    const { passed, loss, tolerance, parameters, warnings } = found;
    const { planted } = this;
    return {
      report: { passed, loss, tolerance, parameters: [...parameters], warnings: [...warnings] },
      layers: [...this.#network.layers.map(({ text }) => writeLayers([text])), 'loss'],
      planted: planted && { title: planted.bug.title, layer: planted.layer },
    };
  }

  /** How the slope changes over four step sizes around a coordinate: at a kink it jumps. */
  async slopes(parameter: string, index: readonly number[], stepSize: number): Promise<Slopes> {
    const variable = this.#parameters[parameter];
    const place = placeOf(index, variable.shape);
    const slope = compile(() => gradients(this.#loss(), [variable])[0].reshape([-1]).slice(place));
    const places = Array.from({ length: 61 }, (_, i) => ((i - 30) / 15) * stepSize);
    const values = await this.#around(variable, place, places, slope);
    return { places, values };
  }

  /** The error of the numeric derivatives by the weights of the last layer, for steps from 1 to 1e-12. */
  async sweep(): Promise<Sweep> {
    const weights = Object.entries(this.#parameters).filter(([, { rank }]) => rank > 1);
    const [name, variable] = weights[weights.length - 1];
    const loss = compile(this.#loss);
    const stepSizes = Array.from({ length: 25 }, (_, i) => 10 ** (-i / 2));
    const float32: number[] = [];
    const float64: number[] = [];
    for (const stepSize of stepSizes) {
      const { parameters } = await checkGradients(
        this.#loss,
        { [name]: variable },
        { stepSize, coordinates: 4 },
      );
      const coordinates = parameters[0].coordinates.filter(({ analytic }) => analytic !== 0);
      float64.push(median(coordinates.map(({ analytic, numeric }) => relative(analytic, numeric))));
      const errors: number[] = [];
      for (const { index, analytic } of coordinates) {
        const place = placeOf(index, variable.shape);
        const [below, above] = await this.#around(variable, place, [-stepSize, stepSize], loss);
        errors.push(relative(analytic, (above - below) / (2 * stepSize)));
      }
      float32.push(median(errors));
    }
    return { stepSizes, float32, float64 };
  }

  /** What `look` gives with one element moved by each of `distances`; the variable is put back. */
  async #around(
    variable: Variable,
    place: number,
    distances: readonly number[],
    look: () => Tensor,
  ): Promise<number[]> {
    const original = Float32Array.from(await variable.value.data(), Number);
    const { shape } = variable;
    const values: number[] = [];
    for (const distance of distances) {
      const moved = original.slice();
      moved[place] += distance;
      variable.assign(tensor(moved, { shape }));
      values.push(Number((await look().data())[0]));
    }
    variable.assign(tensor(original, { shape }));
    return values;
  }
}

/** One of `count`, by a seed. */
function pick(count: number, seed: number): number {
  return Math.floor(random.uniform([], { generator: generator(seed) }).item() * count);
}

function placeOf(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((place, each, axis) => place * shape[axis] + each, 0);
}

function relative(analytic: number, numeric: number): number {
  const scale = Math.max(Math.abs(analytic), Math.abs(numeric));
  return scale === 0 ? 0 : Math.abs(analytic - numeric) / scale;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Of the coordinates with a kink the one where it does most harm, and its parameter. */
export function worstKink(
  report: GradientReport,
): { readonly name: string; readonly coordinate: Coordinate } | undefined {
  const harm = ({ analytic, numeric }: Coordinate): number => Math.abs(analytic - numeric);
  return report.parameters
    .flatMap(({ name, coordinates }) => coordinates.map((coordinate) => ({ name, coordinate })))
    .filter(({ coordinate }) => coordinate.kink !== null)
    .sort((a, b) => harm(b.coordinate) - harm(a.coordinate))
    .at(0);
}
