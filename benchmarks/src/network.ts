import { constant, sizeOf, uniform, type Numbers } from './numbers.js';

/** A network as plain data: each library builds it from this in its own way. */
export interface Network {
  /** Shape of one example: [features] or [channels, height, width]. */
  readonly input: readonly number[];
  readonly layers: readonly Layer[];
}

export type Layer =
  | { readonly kind: 'linear'; readonly outputs: number }
  | Convolution
  /** Of 2 x 2 places, side by side. */
  | { readonly kind: 'maxPool' }
  | { readonly kind: 'batchNorm' }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'relu' }
  | { readonly kind: 'tanh' };

export interface Convolution {
  readonly kind: 'convolution';
  readonly outputs: number;
  readonly kernelSize: number;
  readonly padding: number;
}

/** What batch normalization adds to the variance, everywhere. */
export const EPSILON = 1e-5;

export const linear = (outputs: number): Layer => ({ kind: 'linear', outputs });
export const convolution = (outputs: number, kernelSize: number, padding = 0): Convolution => ({
  kind: 'convolution',
  outputs,
  kernelSize,
  padding,
});
export const maxPool: Layer = { kind: 'maxPool' };
export const batchNorm: Layer = { kind: 'batchNorm' };
export const flatten: Layer = { kind: 'flatten' };
export const relu: Layer = { kind: 'relu' };
export const tanh: Layer = { kind: 'tanh' };
export const dropout = (rate: number): Layer => ({ kind: 'dropout', rate });

/** A layer with what it is fed with, the shape of one example, and its initial weight and bias, if it has them. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** Weight [outputs, inputs] or [outputs, channels, kernel, kernel], or the scale of a normalization, then its bias. */
  readonly parameters: readonly Numbers[];
  /** For the first layer after an image has been flattened: the image's shape. */
  readonly flattened: readonly number[] | undefined;
}

/** Follows shapes through a network and gives each layer its weights: uniform up to 1 / √fan-in, biases too. */
export function placed({ input, layers }: Network): PlacedLayer[] {
  let shape = input;
  let flattened: readonly number[] | undefined;
  let seed = 100;
  return layers.map((layer) => {
    const before = shape;
    shape = outputOf(layer, before);
    const weight = weightShape(layer, before);
    const place: PlacedLayer = {
      layer,
      input: before,
      output: shape,
      parameters: weight === undefined ? [] : initial(layer, weight, (seed += 2)),
      flattened,
    };
    flattened = layer.kind === 'flatten' ? before : undefined;
    return place;
  });
}

function outputOf(layer: Layer, input: readonly number[]): readonly number[] {
  switch (layer.kind) {
    case 'linear':
      return [layer.outputs];
    case 'convolution':
      return [layer.outputs, ...input.slice(1).map((n) => n + 2 * layer.padding - layer.kernelSize + 1)];
    case 'maxPool':
      return [input[0], ...input.slice(1).map((n) => n >> 1)];
    case 'flatten':
      return [sizeOf(input)];
    default:
      return input;
  }
}

function weightShape(layer: Layer, input: readonly number[]): number[] | undefined {
  switch (layer.kind) {
    case 'linear':
      return [layer.outputs, input[0]];
    case 'convolution':
      return [layer.outputs, input[0], layer.kernelSize, layer.kernelSize];
    case 'batchNorm':
      return [input[0]];
    default:
      return undefined;
  }
}

function initial({ kind }: Layer, weight: number[], seed: number): Numbers[] {
  if (kind === 'batchNorm') return [constant(weight, 1), constant(weight, 0)];
  const spread = 1 / Math.sqrt(sizeOf(weight.slice(1)));
  return [uniform(weight, seed, spread), uniform([weight[0]], seed + 1, spread)];
}

/** The same network without what draws random numbers, which no two libraries draw alike. */
export function deterministic(network: Network): Network {
  return { ...network, layers: network.layers.filter(({ kind }) => kind !== 'dropout') };
}
