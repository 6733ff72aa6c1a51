import { DownhillError, type Tensor, type Variable } from '@downhill/tensor';
import { isModule, Module, type ForwardOptions } from './module.js';

/** Modules one after another, each fed with what the one before made. Its state is named `0.weight`, `0.bias`, ... */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  /** `layers` in the order of the forward pass; at least one. */
  constructor(layers: readonly Module[]) {
    super();
    const given: unknown = layers;
    if (!Array.isArray(given) || given.length === 0) {
      throw new DownhillError('Sequential: expected an array of at least one module');
    }
    const wrong = given.findIndex((layer) => !isModule(layer));
    if (wrong >= 0) {
      throw new DownhillError(
        `Sequential: layer ${wrong} is not a module but ${describe(given[wrong])}; write new ReLU(), not relu or ReLU`,
      );
    }
    this.layers = [...layers];
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const [first, ...rest] = this.layers;
    return rest.reduce((value, layer) => layer.forward(value, options), first.forward(x, options));
  }

  protected override children(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this.layers);
  }
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name}`;
  return value === null ? 'null' : typeof value;
}
