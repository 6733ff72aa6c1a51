import {
  DownhillError,
  DTypeError,
  formatShape,
  hostInput,
  outsideTrace,
  sameShape,
  ShapeError,
  weakScalar,
  type Tensor,
  tensor,
  variable,
  type Variable,
} from '@downhill/tensor';
import type { Optimizer, OptimizerState, RuleState, UpdateRule } from './define-optimizer.js';
import { OptionSet, type GivenOptions, type OptionDefaults } from './options.js';

type Cells = Readonly<Record<string, Variable>>;

/** What `defineOptimizer` makes. */
export class RuleOptimizer<Defaults extends OptionDefaults, State extends RuleState> implements Optimizer {
  readonly #rule: UpdateRule<Defaults, State>;
  readonly #options: OptionSet<Defaults>;
  readonly #cells = new Map<Variable, Cells>();
  /** Updates applied; in the graph, because whether one is applied may be decided there. */
  readonly #applied: Variable;
  /** Calls of `step` that succeeded; on the host, because schedules are host functions. */
  #calls = 0;
  /** For a version of `#applied` made by a trace: how many steps of that trace led to it. */
  readonly #traced = new WeakMap<Tensor, number>();

  constructor(rule: UpdateRule<Defaults, State>, options: GivenOptions<Defaults>) {
    this.#rule = rule;
    this.#options = new OptionSet(rule.name, rule.defaults, options, rule.ranges ?? {});
    this.#applied = outsideTrace(() =>
      variable(tensor(0, { dtype: 'int32' }), { name: 'step', trainable: false }),
    );
  }

  step(parameters: readonly Variable[], gradients: readonly Tensor[]): void {
    this.#check(parameters, gradients);
    const earlier = this.#traced.get(this.#applied.value) ?? 0;
    const options = this.#options.tensors(() => this.#calls + earlier);
    const applied = this.#applied.value.add(1);
    // Weak, as the options are: beta1.pow(step) is float64, and takes the parameter's dtype only where they meet.
    const step = weakScalar(applied);
    const updates = parameters.map((parameter, i) => {
      const cells = this.#cellsOf(parameter);
      const state = mapValues(cells, (cell) => cell.value) as State;
      const result = this.#rule.update({
        parameter: parameter.value,
        gradient: gradients[i],
        state,
        options,
        step,
      });
      return this.#assignments(parameter, cells, result);
    });
    const before = this.#calls;
    hostInput(() => before, {
      committed: () => {
        this.#calls += 1;
      },
    });
    for (const [target, value] of updates.flat()) target.assign(value);
    this.#applied.assign(applied);
    // Outside a trace the call is counted by now. In one, a further step of the same trace must look one call ahead.
    if (this.#calls === before) this.#traced.set(this.#applied.value, earlier + 1);
  }

  state(): OptimizerState {
    const variables: Record<string, Variable> = { step: this.#applied };
    [...this.#cells].forEach(([parameter, cells], position) => {
      for (const [key, cell] of Object.entries(cells))
        variables[`${position}.${parameter.name}.${key}`] = cell;
    });
    return { calls: this.#calls, variables };
  }

  load(
    { calls, variables: saved }: OptimizerState<Tensor | Variable>,
    parameters: readonly Variable[] = [],
  ): void {
    const where = `${this.#rule.name}: load`;
    if (!Number.isSafeInteger(calls) || calls < 0) {
      throw new DownhillError(`${where}: expected a whole number of calls of at least 0, got ${calls}`);
    }
    const known = this.#cells.size;
    for (const parameter of parameters) this.#cellsOf(parameter);
    const own = this.state().variables;
    try {
      checkSameNames(where, Object.keys(own), Object.keys(saved));
      for (const [name, target] of Object.entries(own)) checkFits(`${where}: ${name}`, saved[name], target);
    } catch (error) {
      for (const parameter of [...this.#cells.keys()].slice(known)) this.#cells.delete(parameter);
      throw error;
    }
    for (const [name, target] of Object.entries(own)) target.assign(saved[name]);
    this.#calls = calls;
  }

  #check(parameters: readonly Variable[], gradients: readonly Tensor[]): void {
    const { name } = this.#rule;
    if (parameters.length !== gradients.length) {
      throw new ShapeError(
        `${name}: got ${parameters.length} parameters and ${gradients.length} gradients; expected one gradient for each`,
      );
    }
    if (new Set(parameters).size !== parameters.length) {
      throw new DownhillError(`${name}: a parameter is listed twice; list each once`);
    }
    parameters.forEach((parameter, i) => {
      checkFits(`${name}: the gradient of ${parameter.name} (place ${i})`, gradients[i], parameter);
    });
  }

  /** The state of a parameter, made when it is first met. */
  #cellsOf(parameter: Variable): Cells {
    const known = this.#cells.get(parameter);
    if (known !== undefined) return known;
    const cells = outsideTrace(() =>
      mapValues(this.#rule.init(parameter.value, this.#options.plain(this.#calls)), (initial, key) =>
        variable(initial, { name: `${parameter.name}.${key}`, trainable: false }),
      ),
    );
    this.#cells.set(parameter, cells);
    return cells;
  }

  /** What an update asks to be assigned, once it is known to fit. */
  #assignments(
    parameter: Variable,
    cells: Cells,
    result: { readonly parameter: Tensor; readonly state: RuleState },
  ): [target: Variable, value: Tensor][] {
    const where = `${this.#rule.name}: update of ${parameter.name}`;
    checkSameNames(`${where}: state`, Object.keys(cells), Object.keys(result.state));
    const pairs: [Variable, Tensor][] = [
      [parameter, result.parameter],
      ...Object.entries(cells).map(([key, cell]): [Variable, Tensor] => [cell, result.state[key]]),
    ];
    for (const [target, value] of pairs) checkFits(`${where}: the new ${target.name}`, value, target);
    return pairs;
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  convert: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value, key)]));
}

function checkSameNames(where: string, expected: readonly string[], got: readonly string[]): void {
  const missing = expected.filter((name) => !got.includes(name));
  const unknown = got.filter((name) => !expected.includes(name));
  if (missing.length + unknown.length === 0) return;
  const parts = [
    missing.length > 0 ? `${missing.join(', ')} missing` : '',
    unknown.length > 0 ? `${unknown.join(', ')} unknown` : '',
  ];
  throw new DownhillError(`${where}: ${parts.filter((part) => part !== '').join('; ')}`);
}

function checkFits(where: string, value: Tensor | Variable, target: Variable): void {
  if (!sameShape(value.shape, target.shape)) {
    throw new ShapeError(
      `${where} has shape ${formatShape(value.shape)}; expected ${formatShape(target.shape)}, that of ${target.name}`,
    );
  }
  if (value.dtype !== target.dtype) {
    throw new DTypeError(`${where} is ${value.dtype}; expected ${target.dtype}, that of ${target.name}`);
  }
}
