import type { FunctionBuilder, ModuleBuilder, ValueType } from './assembler.js';

/** Functions of a module that several kernels call: one for each key. */
export class SharedFunctions {
  readonly #module: ModuleBuilder;
  readonly #known = new Map<string, number>();

  constructor(module: ModuleBuilder) {
    this.#module = module;
  }

  /** The index of the function of this key, which `write` fills when it is first asked for. */
  function(
    key: string,
    parameters: readonly ValueType[],
    write: (f: FunctionBuilder) => void,
    results: readonly ValueType[] = [],
  ): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const f = this.#module.function(parameters, results);
    this.#known.set(key, f.index);
    write(f);
    return f.index;
  }
}
