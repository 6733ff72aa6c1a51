import { DownhillError } from '@downhill/tensor';
import { isModule, Module } from './module.js';

/** A module made of a list of modules, whose state is named by place: `0.weight`, `0.bias`, `1.weight`, ... */
export abstract class ModuleList extends Module {
  readonly layers: readonly Module[];

  /** At least one layer; `name` begins the messages of errors. */
  constructor(name: string, layers: readonly Module[]) {
    super();
    const given: unknown = layers;
    if (!Array.isArray(given) || given.length === 0) {
      throw new DownhillError(`${name}: expected an array of at least one module`);
    }
    const wrong = given.findIndex((layer) => !isModule(layer));
    if (wrong >= 0) {
      throw new DownhillError(
        `${name}: layer ${wrong} is not a module but ${describe(given[wrong])}; write new ReLU(), not relu or ReLU`,
      );
    }
    this.layers = [...layers];
  }

  /** @internal */
  override children(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this.layers);
  }
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name}`;
  return value === null ? 'null' : typeof value;
}
