import { DownhillError, sizeOf, type Shape } from '@downhill/tensor';
import { buildNetwork, type LayerText } from '../../network/layers.js';
import { weightOf } from '../../training/inspector.js';

export const CLASSES = 10;

/** A network as the page lists it. */
export interface Outline {
  readonly layers: readonly {
    readonly text: LayerText;
    readonly shape: Shape;
    readonly hasWeights: boolean;
  }[];
  /** How many numbers are learnt. */
  readonly parameters: number;
}

/**
 * What a text describes, without computing anything.
 *
 * @throws DownhillError for a text that is no network, or none that tells ten digits apart.
 */
export function outline(text: string): Outline {
  const { layers, model } = buildNetwork(text, [1, 28, 28]);
  const last = layers[layers.length - 1].shape;
  if (last.length !== 1 || last[0] !== CLASSES) {
    throw new DownhillError(
      `layers: the last one gives ${last.join(' × ')} numbers; expected ${CLASSES}, one a digit: end with "linear ${CLASSES}"`,
    );
  }
  return {
    layers: layers.map((layer) => ({
      text: layer.text,
      shape: layer.shape,
      hasWeights: weightOf(layer) !== undefined,
    })),
    parameters: model.parameters().reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}
