import {
  DownhillError,
  formatShape,
  isVariable,
  sameShape,
  type Tensor,
  type Variable,
} from '@downhill/tensor';

const MODULE: unique symbol = Symbol.for('@downhill/Module') as never;

export interface ForwardOptions {
  /** Whether this pass is part of training (dropout drops, batch norm measures); false by default. */
  readonly training?: boolean;
  /** Whether layers that drop at random do so; as `training` says by default. Monte-Carlo dropout sets this alone. */
  readonly stochastic?: boolean;
}

export interface LoadOptions {
  /** Whether every name must be on both sides with one shape and dtype; true by default. */
  readonly strict?: boolean;
}

/** Where a saved state and a module differ. */
export interface LoadReport {
  /** Names the module has and the saved state lacks: these variables stay as they are. */
  readonly missing: readonly string[];
  /** Names the saved state has and the module lacks. */
  readonly leftOver: readonly string[];
  /** Names both have, with other shapes or dtypes: these variables stay as they are. */
  readonly misshapen: readonly string[];
}

/**
 * Part of a network: variables, other modules, and what they do to a tensor. A module of your own extends this, keeps
 * its variables and modules in fields (or in arrays in fields; nothing in `#private` ones, which can be neither found
 * nor stood in for), and says what `forward` does.
 */
export abstract class Module<Input = Tensor | Variable> {
  readonly [MODULE] = true;

  /**
   * What the module makes of x. It keeps nothing: the same module may be used any number of times in a pass. A module
   * made of others hands the whole of `options` on to them.
   */
  abstract forward(x: Input, options?: ForwardOptions): Tensor;

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
    walk(this, (value, path) => {
      if (isVariable(value) && !named.has(value)) named.set(value, path);
    });
    const state: Record<string, Variable> = {};
    for (const [found, name] of named) {
      if (name in state) throw new DownhillError(`state: two variables are called ${name}; rename a field`);
      state[name] = found;
    }
    return state;
  }

  /** This module, under the empty name, and all modules in it by dotted name, each once, outer ones first. */
  modules(): Record<string, Module> {
    const modules: Record<string, Module> = {};
    walk(this, (value, path) => {
      if (isModule(value)) modules[path] = value;
    });
    return modules;
  }

  /**
   * Takes over the values of a saved state, such as another module's `state()` or the tensors of a file, by name.
   *
   * Throws, with nothing changed, if a name is missing, left over or of another shape or dtype; with
   * `{ strict: false }` what fits is loaded, and the report says what did not.
   */
  load(saved: Readonly<Record<string, Tensor | Variable>>, { strict = true }: LoadOptions = {}): LoadReport {
    const state = this.state();
    const both = Object.keys(state).filter((name) => Object.hasOwn(saved, name));
    const misshapen = both.filter((name) => !fits(saved[name], state[name]));
    const report = {
      missing: Object.keys(state).filter((name) => !Object.hasOwn(saved, name)),
      leftOver: Object.keys(saved).filter((name) => !Object.hasOwn(state, name)),
      misshapen,
    };
    if (strict) {
      const faults = [
        ...report.missing.map((name) => `${name} is missing`),
        ...report.leftOver.map((name) => `${name} is left over`),
        ...misshapen.map((name) => `${name} is ${describe(saved[name])}, expected ${describe(state[name])}`),
      ];
      if (faults.length > 0) {
        throw new DownhillError(
          `load: the state does not fit the module: ${faults.join('; ')}; ` +
            'build the module as it was saved, or pass { strict: false } to load what fits',
        );
      }
    }
    for (const name of both) if (!misshapen.includes(name)) state[name].assign(saved[name]);
    return report;
  }

  /** What `state` and `modules` look through, by name: the fields. @internal */
  children(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this);
  }
}

/** Whether `value` is a module, of this or another copy of the package. */
export function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && MODULE in value;
}

/** Shows `visit` every variable each time it is found, and every module once, with their dotted names. */
function walk(root: unknown, visit: (value: Variable | Module, path: string) => void): void {
  const seen = new Set<unknown>();
  const enter = (value: unknown, path: string): void => {
    if (isVariable(value)) visit(value, path);
    if (!(isModule(value) || Array.isArray(value)) || seen.has(value)) return;
    seen.add(value);
    if (isModule(value)) visit(value, path);
    const children = Array.isArray(value) ? Object.entries(value) : value.children();
    for (const [name, child] of children) enter(child, path === '' ? name : `${path}.${name}`);
  };
  enter(root, '');
}

function fits(value: Tensor | Variable, target: Variable): boolean {
  return value.dtype === target.dtype && sameShape(value.shape, target.shape);
}

function describe({ dtype, shape }: Tensor | Variable): string {
  return `${dtype} ${formatShape(shape)}`;
}
