import { DownhillError, isVariable, type Tensor, type Variable } from '@downhill/tensor';
import { isModule, type Module } from './module.js';

/**
 * A stand-in for a module that has other tensors in the place of some variables, wherever they are in it: to run a layer
 * with masked, averaged or perturbed weights. The module itself stays as it is, and everything that was not replaced is
 * shared with it.
 *
 * ```ts
 * const masked = substitute(layer, new Map([[layer.weight, layer.weight.mul(mask)]]));
 * masked.forward(x);
 * ```
 *
 * Throws a DownhillError if a variable is not in the module, or a tensor has another shape or dtype.
 */
export function substitute<M extends Module<never>>(
  module: M,
  values: ReadonlyMap<Variable, Tensor | Variable>,
): M {
  const found = new Set(Object.values(module.state()));
  for (const [variable, value] of values) {
    const describe = ({ dtype, shape }: Tensor | Variable): string => `${dtype} [${shape.join(', ')}]`;
    if (!found.has(variable)) {
      throw new DownhillError(`substitute: variable '${variable.name}' is not one of the module's`);
    }
    if (describe(variable) !== describe(value)) {
      throw new DownhillError(
        `substitute: '${variable.name}' is ${describe(variable)}, it cannot be replaced by ${describe(value)}`,
      );
    }
  }
  return standIn(module, (value) => (isVariable(value) ? values.get(value) : undefined));
}

/**
 * An object that inherits everything from a module and has, in its fields and those of all modules in it, what `replace`
 * gives for their values; undefined leaves a value as it is. `finish` may do more to each stand-in.
 */
export function standIn<M extends Module<never>>(
  module: M,
  replace: (value: unknown) => unknown,
  finish: (copy: Module, original: Module) => void = () => undefined,
): M {
  const copies = new Map<unknown, unknown>();
  const copyOf = (value: unknown): unknown => {
    const replaced = replace(value);
    if (replaced !== undefined) return replaced;
    if (copies.has(value)) return copies.get(value);
    if (Array.isArray(value)) {
      const copy: unknown[] = [];
      copies.set(value, copy);
      copy.push(...value.map(copyOf));
      return copy;
    }
    if (!isModule(value)) return value;
    const copy = Object.create(value) as Module;
    copies.set(value, copy);
    for (const [name, field] of Object.entries(value)) {
      Object.defineProperty(copy, name, {
        value: copyOf(field),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    finish(copy, value);
    return copy;
  };
  return copyOf(module) as M;
}
