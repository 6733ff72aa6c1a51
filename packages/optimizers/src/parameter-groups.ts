import { DownhillError, type Tensor, type Variable } from '@downhill/tensor';
import { BaseOptimizer } from './base-optimizer.js';
import type { Optimizer, Proposal } from './optimizer.js';

/** Chooses parameters: by a pattern their name contains, or by a function of name and variable. */
export type ParameterMatch = RegExp | ((name: string, parameter: Variable) => boolean);

/** Parameters, and the optimizer that moves them. */
export interface ParameterGroup {
  /** Which parameters; all that no earlier group has, if it is left out. */
  readonly match?: ParameterMatch;
  readonly optimizer: Optimizer;
}

/** How parameters are called where a pattern chooses among them. */
export interface NamingOptions {
  /** Variables by full name, as `model.state()` gives; a variable that is not there goes by its own name. */
  readonly names?: Readonly<Record<string, Variable>>;
}

class GroupedOptimizer extends BaseOptimizer {
  readonly name: string;
  readonly #groups: readonly ParameterGroup[];
  readonly #names: ReadonlyMap<Variable, string>;

  constructor(groups: readonly ParameterGroup[], { names = {} }: NamingOptions, name: string) {
    const calls = groups.map(({ optimizer }) => optimizer.state().calls);
    if (new Set(calls).size > 1) {
      throw new DownhillError(
        `${name}: the optimizers have taken different numbers of steps (${calls.join(', ')}), so their schedules ` +
          'would part; expected new ones',
      );
    }
    super(calls[0] ?? 0);
    this.name = `${name}(${groups.map(({ optimizer }) => optimizer.name).join(', ')})`;
    this.#groups = groups;
    this.#names = new Map(Object.entries(names).map(([path, variable]) => [variable, path]));
  }

  propose(parameters: readonly Variable[], gradients: readonly Tensor[], call: () => number): Proposal {
    const places = this.#placesOf(parameters);
    places.forEach((members, i) => {
      const { match } = this.#groups[i];
      if (match === undefined || members.length > 0) return;
      const names = parameters.map((parameter) => this.#nameOf(parameter)).join(', ');
      throw new DownhillError(`${this.name}: group ${i} (${String(match)}) matches none of ${names}`);
    });
    const proposals = this.#groups.map(({ optimizer }, i) =>
      optimizer.propose(
        places[i].map((place) => parameters[place]),
        places[i].map((place) => gradients[place]),
        call,
      ),
    );
    const next = parameters.map(({ value }) => value);
    proposals.forEach((proposal, i) => {
      places[i].forEach((place, k) => (next[place] = proposal.parameters[k]));
    });
    return { parameters: next, state: proposals.flatMap(({ state }) => state) };
  }

  meet(parameters: readonly Variable[], call: number): () => void {
    const places = this.#placesOf(parameters);
    const undo: (() => void)[] = [];
    const forget = (): void => {
      for (const each of undo) each();
    };
    try {
      this.#groups.forEach(({ optimizer }, i) => {
        const members = places[i].map((place) => parameters[place]);
        undo.push(optimizer.meet(members, call));
      });
    } catch (error) {
      forget();
      throw error;
    }
    return forget;
  }

  protected variables(): Record<string, Variable> {
    return Object.fromEntries(
      this.#groups.flatMap(({ optimizer }, i) =>
        Object.entries(optimizer.state().variables).map(([name, cell]) => [`${i}.${name}`, cell]),
      ),
    );
  }

  #nameOf(parameter: Variable): string {
    return this.#names.get(parameter) ?? parameter.name;
  }

  /** For each group, the places of its parameters in the list. */
  #placesOf(parameters: readonly Variable[]): number[][] {
    const places = this.#groups.map((): number[] => []);
    parameters.forEach((parameter, place) => {
      const name = this.#nameOf(parameter);
      const group = this.#groups.findIndex(({ match }) => {
        if (match === undefined) return true;
        return typeof match === 'function' ? match(name, parameter) : name.search(match) >= 0;
      });
      if (group < 0) {
        throw new DownhillError(
          `${this.name}: no group matches ${name} (place ${place}); add a last group without match`,
        );
      }
      places[group].push(place);
    });
    return places;
  }
}

/**
 * Each parameter by the first group that matches it, with the group's own optimizer and options:
 *
 * ```ts
 * const optimizer = parameterGroups(
 *   [
 *     { match: /bias$/, optimizer: sgd({ learningRate: 0.02 }) },
 *     { match: (_, { rank }) => rank >= 2, optimizer: muon() },
 *     { optimizer: adam() },
 *   ],
 *   { names: model.state() },
 * );
 * ```
 *
 * A wrapper around it sees all parameters; one within a group sees the group's. A step throws, with nothing changed, for a
 * parameter that no group matches, and for a pattern that matches no parameter. State: each group's, with the group's number
 * in front: `0.step`.
 */
export function parameterGroups(groups: readonly ParameterGroup[], options: NamingOptions = {}): Optimizer {
  return new GroupedOptimizer(groups, options, 'parameterGroups');
}
