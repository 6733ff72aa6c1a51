import type { Histogram } from '../../training/histogram.js';

/** How many held-out digits the histograms of activations are made from. */
export const SAMPLE = 32;

export interface LayerHistograms {
  /** Undefined for a layer without weights. */
  readonly weights: Histogram | undefined;
  /** Of the weights, over the last batch that was looked at; undefined before one was. */
  readonly gradients: Histogram | undefined;
  /** Of what the layer gives for {@link SAMPLE} held-out digits. */
  readonly activations: Histogram;
}
