import { concat, type Axis, type Tensor, type Variable } from '@downhill/tensor';
import type { ForwardOptions, Module } from './module.js';
import { ModuleList } from './module-list.js';

export interface ConcatenateOptions {
  /** The axis along which outputs follow one another; 1 by default, the channels of [N, C, H, W]. */
  readonly axis?: Axis;
}

/** Modules side by side whose outputs are put one after another, as in the inception module. Szegedy et al. (2015). */
export class Concatenate extends ModuleList {
  readonly axis: Axis;

  /** The outputs of `branches` must have one shape but for `axis`, 1 by default. */
  constructor(branches: readonly Module[], { axis = 1 }: ConcatenateOptions = {}) {
    super('Concatenate', branches);
    this.axis = axis;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    return concat(
      this.layers.map((branch) => branch.forward(x, options)),
      { axis: this.axis },
    );
  }
}
