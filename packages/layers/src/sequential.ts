import type { Tensor, Variable } from '@downhill/tensor';
import type { ForwardOptions, Module } from './module.js';
import { ModuleList } from './module-list.js';

/** Modules one after another, each fed with what the one before made. Its state is named `0.weight`, `0.bias`, ... */
export class Sequential extends ModuleList {
  /** `layers` in the order of the forward pass; at least one. */
  constructor(layers: readonly Module[]) {
    super('Sequential', layers);
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const [first, ...rest] = this.layers;
    return rest.reduce((value, layer) => layer.forward(value, options), first.forward(x, options));
  }
}
