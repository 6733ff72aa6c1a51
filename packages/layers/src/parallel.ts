import type { Tensor, Variable } from '@downhill/tensor';
import type { ForwardOptions, Module } from './module.js';
import { ModuleList } from './module-list.js';

/** Modules side by side, all fed with the same x; `combine` makes one tensor of what they made. */
export class Parallel extends ModuleList {
  /** `branches` in the order in which `combine` gets their outputs, for example `([a, b]) => a.mul(b)`. */
  constructor(
    branches: readonly Module[],
    readonly combine: (outputs: readonly Tensor[]) => Tensor,
  ) {
    super('Parallel', branches);
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    return this.combine(this.layers.map((branch) => branch.forward(x, options)));
  }
}
