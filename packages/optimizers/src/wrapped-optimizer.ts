import {
  DownhillError,
  formatShape,
  outsideTrace,
  ShapeError,
  variable,
  where,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { BaseOptimizer, checkFits, checkSameNames } from './base-optimizer.js';
import type { InnerOptions, Wrapper, WrapperState } from './define-wrapper.js';
import { OptionSet, type GivenOptions, type OptionDefaults } from './options.js';
import type { Optimizer, Proposal } from './optimizer.js';

type Cells = Record<string, Variable>;

/** What `defineWrapper` makes. */
export class WrappedOptimizer<
  Defaults extends OptionDefaults,
  State extends WrapperState,
> extends BaseOptimizer {
  readonly name: string;
  readonly #wrapper: Wrapper<Defaults, State>;
  readonly #inner: Optimizer;
  readonly #options: OptionSet<Defaults>;
  /** State that is one for all; undefined before the first parameters are met. */
  #shared: Cells | undefined;
  #listNames: readonly string[] = [];
  /** State that is a list, by parameter. */
  readonly #cells = new Map<Variable, Cells>();

  constructor(wrapper: Wrapper<Defaults, State>, inner: Optimizer, options: GivenOptions<Defaults>) {
    super(inner.state().calls);
    this.name = `${wrapper.name}(${inner.name})`;
    this.#wrapper = wrapper;
    this.#inner = inner;
    this.#options = new OptionSet(wrapper.name, wrapper.defaults, options, wrapper.ranges ?? {});
  }

  propose(parameters: readonly Variable[], gradients: readonly Tensor[], call: () => number): Proposal {
    this.#meetOwn(parameters, call());
    const cells = this.#cellsFor(parameters);
    let proposal: Proposal | undefined;
    const inner = (changed: readonly Tensor[], { when }: InnerOptions = {}): readonly Tensor[] => {
      if (proposal !== undefined)
        throw new DownhillError(`${this.name}: inner was called twice; call it once`);
      this.#checkList('gradients', changed, parameters);
      if (when !== undefined && when.rank !== 0) {
        throw new ShapeError(`${this.name}: when: expected a scalar, got shape ${formatShape(when.shape)}`);
      }
      const inside = this.#inner.propose(parameters, changed, call);
      proposal = when === undefined ? inside : gate(inside, parameters, when);
      return proposal.parameters;
    };
    const result = this.#wrapper.update({
      parameters: parameters.map(({ value }) => value),
      gradients,
      names: parameters.map(({ name }) => name),
      state: mapState(cells, ({ value }) => value) as State,
      options: this.#options.tensors(call),
      inner,
    });
    if (proposal === undefined) throw new DownhillError(`${this.name}: inner was not called; call it once`);
    this.#checkList('parameters', result.parameters, parameters);
    return {
      parameters: result.parameters,
      state: [...proposal.state, ...this.#updates(cells, result.state)],
    };
  }

  meet(parameters: readonly Variable[], call: number): () => void {
    const forgetInner = this.#inner.meet(parameters, call);
    const shared = this.#shared;
    const known = new Set(this.#cells.keys());
    const forget = (): void => {
      this.#shared = shared;
      for (const parameter of parameters) if (!known.has(parameter)) this.#cells.delete(parameter);
      forgetInner();
    };
    try {
      this.#meetOwn(parameters, call);
    } catch (error) {
      forget();
      throw error;
    }
    return forget;
  }

  protected variables(): Record<string, Variable> {
    const variables: Record<string, Variable> = { ...this.#shared };
    [...this.#cells].forEach(([parameter, cells], position) => {
      for (const [key, cell] of Object.entries(cells))
        variables[`${position}.${parameter.name}.${key}`] = cell;
    });
    for (const [name, cell] of Object.entries(this.#inner.state().variables))
      variables[`inner.${name}`] = cell;
    return variables;
  }

  /** Each parameter met so far, with the variable that is its entry in the list of this name. */
  protected entries(key: string): (readonly [parameter: Variable, cell: Variable])[] {
    return [...this.#cells].map(([parameter, cells]) => [parameter, cells[key]] as const);
  }

  /** Makes the state of parameters that have none. */
  #meetOwn(parameters: readonly Variable[], call: number): void {
    const fresh = parameters.filter((parameter) => !this.#cells.has(parameter));
    if (this.#shared !== undefined && fresh.length === 0) return;
    outsideTrace(() => {
      const initial = this.#wrapper.init(
        fresh.map(({ value }) => value),
        this.#options.plain(call),
      );
      const shared: Cells = {};
      const lists = fresh.map((): Cells => ({}));
      const listNames: string[] = [];
      for (const [key, value] of Object.entries(initial)) {
        if (!isList(value)) {
          shared[key] = variable(value, { name: key, trainable: false });
          continue;
        }
        listNames.push(key);
        checkLength(`${this.name}: init: ${key}`, value, fresh);
        fresh.forEach(({ name }, i) => {
          lists[i][key] = variable(value[i], { name: `${name}.${key}`, trainable: false });
        });
      }
      this.#listNames = listNames;
      this.#shared ??= shared;
      fresh.forEach((parameter, i) => this.#cells.set(parameter, lists[i]));
    });
  }

  #cellsFor(parameters: readonly Variable[]): Record<string, Variable | Variable[]> {
    const lists = this.#listNames.map((key) => [
      key,
      parameters.flatMap((parameter) => this.#cells.get(parameter)?.[key] ?? []),
    ]);
    return { ...this.#shared, ...(Object.fromEntries(lists) as Record<string, Variable[]>) };
  }

  #updates(
    cells: Readonly<Record<string, Variable | Variable[]>>,
    state: WrapperState,
  ): [variable: Variable, value: Tensor][] {
    const place = `${this.name}: update: state`;
    checkSameNames(place, Object.keys(cells), Object.keys(state));
    const updates = Object.entries(cells).flatMap(([key, cell]): [Variable, Tensor][] => {
      const value = state[key];
      if (isList(value) !== Array.isArray(cell)) {
        throw new DownhillError(`${place}: ${key}: expected ${Array.isArray(cell) ? 'a list' : 'a tensor'}`);
      }
      if (!isList(value) || !Array.isArray(cell)) return [[cell as Variable, value as Tensor]];
      checkLength(`${place}: ${key}`, value, cell);
      return cell.map((each, i) => [each, value[i]]);
    });
    for (const [cell, value] of updates) checkFits(`${place}: the new ${cell.name}`, value, cell);
    return updates;
  }

  #checkList(what: string, values: readonly Tensor[], parameters: readonly Variable[]): void {
    checkLength(`${this.name}: ${what}`, values, parameters);
    values.forEach((value, i) => {
      checkFits(`${this.name}: ${what}: entry ${i}`, value, parameters[i]);
    });
  }
}

/** What is proposed where `when` is true, and what there was before elsewhere. */
function gate({ parameters, state }: Proposal, old: readonly Variable[], when: Tensor): Proposal {
  return {
    // What stays as it is (a frozen parameter) needs no choice.
    parameters: parameters.map((value, i) => (value === old[i].value ? value : where(when, value, old[i]))),
    state: state.map(([cell, value]) => [cell, where(when, value, cell)] as const),
  };
}

function isList(value: Tensor | readonly Tensor[]): value is readonly Tensor[] {
  return Array.isArray(value);
}

function checkLength(place: string, values: readonly unknown[], parameters: readonly unknown[]): void {
  if (values.length === parameters.length) return;
  throw new DownhillError(
    `${place}: expected one entry for each of ${parameters.length} parameters, got ${values.length}`,
  );
}

function mapState<From, To>(
  state: Readonly<Record<string, From | From[]>>,
  convert: (value: From) => To,
): Record<string, To | To[]> {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(convert) : convert(value),
    ]),
  );
}
