import { gradients } from '@downhill/autograd';
import type { Tensor } from '@downhill/tensor';
import { einsum, sum, windows } from '@downhill/tensor';

export interface Geometry {
  readonly size: readonly number[];
  readonly padding: readonly number[];
  readonly stride?: readonly number[];
  readonly dilation?: readonly number[];
}

/** [N, C, H, W] and [O, C, KH, KW] give [N, O, H', W']. */
export function convolve(x: Tensor, weights: Tensor, geometry: Geometry): Tensor {
  return einsum('ncyxuv,ocuv->noyx', windows(x, { axes: [2, 3], ...geometry }), weights);
}

/** What the two gradients of Σ g · convolve(x, weights) are, by data and by weights. */
export function adjoints(x: Tensor, weights: Tensor, g: Tensor, geometry: Geometry): Tensor[] {
  return gradients(sum(convolve(x, weights, geometry).mul(g)), [x, weights]);
}
