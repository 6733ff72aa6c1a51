import { DownhillError, isVariable, type Tensor, type Variable } from '@downhill/tensor';

const MODULE: unique symbol = Symbol.for('@downhill/Module') as never;

export interface ForwardOptions {
  /** Whether this pass is part of training (dropout drops, batch norm measures); false by default. */
  readonly training?: boolean;
}

/**
 * Part of a network: variables, other modules, and what they do to a tensor. A module of your own extends this, keeps
 * its variables and modules in fields (or in arrays in fields, but not in `#private` ones), and says what `forward` does.
 */
export abstract class Module {
  readonly [MODULE] = true;

  /** What the module makes of x. It keeps nothing: the same module may be used any number of times in a pass. */
  abstract forward(x: Tensor | Variable, options?: ForwardOptions): Tensor;

  /** The trainable variables in fields, arrays and nested modules, in that order, each once. */
  parameters(): Variable[] {
    return Object.values(this.state()).filter(({ trainable }) => trainable);
  }

  /**
   * All variables by dotted name: `features.0.weight` is the field `weight` of element 0 of the field `features`. A
   * variable that is found twice is listed once, under its first name.
   */
  state(): Record<string, Variable> {
    const named = new Map<Variable, string>();
    const seen = new Set<unknown>();
    const visit = (value: unknown, path: string): void => {
      if (isVariable(value)) {
        if (!named.has(value)) named.set(value, path);
      } else if ((isModule(value) || Array.isArray(value)) && !seen.has(value)) {
        seen.add(value);
        const children = Array.isArray(value) ? Object.entries(value) : value.children();
        for (const [name, child] of children) visit(child, path === '' ? name : `${path}.${name}`);
      }
    };
    visit(this, '');
    const state: Record<string, Variable> = {};
    for (const [found, name] of named) {
      if (name in state) throw new DownhillError(`state: two variables are called ${name}; rename a field`);
      state[name] = found;
    }
    return state;
  }

  /** What `state` looks through, by name: the fields. */
  protected children(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this);
  }
}

/** Whether `value` is a module, of this or another copy of the package. */
export function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && MODULE in value;
}
