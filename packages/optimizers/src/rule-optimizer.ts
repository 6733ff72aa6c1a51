import { outsideTrace, tensor, variable, weakScalar, type Tensor, type Variable } from '@downhill/tensor';
import { BaseOptimizer, checkFits, checkSameNames } from './base-optimizer.js';
import type { RuleState, UpdateRule } from './define-optimizer.js';
import { OptionSet, type GivenOptions, type OptionDefaults } from './options.js';
import type { Proposal } from './optimizer.js';

type Cells = Readonly<Record<string, Variable>>;

/** What `defineOptimizer` makes. */
export class RuleOptimizer<Defaults extends OptionDefaults, State extends RuleState> extends BaseOptimizer {
  readonly name: string;
  readonly #rule: UpdateRule<Defaults, State>;
  readonly #options: OptionSet<Defaults>;
  readonly #cells = new Map<Variable, Cells>();
  /** Updates applied; in the graph, because whether one is applied may be decided there. */
  readonly #applied: Variable;

  constructor(rule: UpdateRule<Defaults, State>, options: GivenOptions<Defaults>) {
    super(0);
    this.name = rule.name;
    this.#rule = rule;
    this.#options = new OptionSet(rule.name, rule.defaults, options, rule.ranges ?? {});
    this.#applied = outsideTrace(() =>
      variable(tensor(0, { dtype: 'int32' }), { name: 'step', trainable: false }),
    );
  }

  propose(parameters: readonly Variable[], gradients: readonly Tensor[], call: () => number): Proposal {
    const options = this.#options.tensors(call);
    const applied = this.#applied.value.add(1);
    // Weak, as the options are: beta1.pow(step) is float64, and takes the parameter's dtype only where they meet.
    const step = weakScalar(applied);
    const results = parameters.map((parameter, i) => {
      const cells = this.#cellsOf(parameter, call());
      const state = mapValues(cells, ({ value }) => value) as State;
      const result = this.#rule.update({
        parameter: parameter.value,
        gradient: gradients[i],
        state,
        options,
        step,
      });
      this.#check(parameter, cells, result);
      return { parameter: result.parameter, cells, state: result.state };
    });
    return {
      parameters: results.map(({ parameter }) => parameter),
      state: [
        ...results.flatMap(({ cells, state }) =>
          Object.entries(cells).map(([key, cell]) => [cell, state[key]] as const),
        ),
        [this.#applied, applied],
      ],
    };
  }

  meet(parameters: readonly Variable[], call: number): () => void {
    const fresh = parameters.filter((parameter) => !this.#cells.has(parameter));
    const forget = (): void => {
      for (const parameter of fresh) this.#cells.delete(parameter);
    };
    try {
      for (const parameter of fresh) this.#cellsOf(parameter, call);
    } catch (error) {
      forget();
      throw error;
    }
    return forget;
  }

  protected variables(): Record<string, Variable> {
    const variables: Record<string, Variable> = { step: this.#applied };
    [...this.#cells].forEach(([parameter, cells], position) => {
      for (const [key, cell] of Object.entries(cells))
        variables[`${position}.${parameter.name}.${key}`] = cell;
    });
    return variables;
  }

  /** The state of a parameter, made when it is first met. */
  #cellsOf(parameter: Variable, call: number): Cells {
    const known = this.#cells.get(parameter);
    if (known !== undefined) return known;
    const cells = outsideTrace(() =>
      mapValues(this.#rule.init(parameter, this.#options.plain(call)), (initial, key) =>
        variable(initial, { name: `${parameter.name}.${key}`, trainable: false }),
      ),
    );
    this.#cells.set(parameter, cells);
    return cells;
  }

  /** Throws unless what an update gives fits. */
  #check(
    parameter: Variable,
    cells: Cells,
    result: { readonly parameter: Tensor; readonly state: RuleState },
  ): void {
    const where = `${this.name}: update of ${parameter.name}`;
    checkSameNames(`${where}: state`, Object.keys(cells), Object.keys(result.state));
    checkFits(`${where}: the new ${parameter.name}`, result.parameter, parameter);
    for (const [key, cell] of Object.entries(cells)) {
      checkFits(`${where}: the new ${cell.name}`, result.state[key], cell);
    }
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  convert: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value, key)]));
}
