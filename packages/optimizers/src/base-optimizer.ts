import {
  DownhillError,
  DTypeError,
  formatShape,
  hostInput,
  sameShape,
  ShapeError,
  weakScalar,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import type { Optimizer, OptimizerState, Proposal } from './optimizer.js';
import { StepReport } from './step-report.js';

type Trace = NonNullable<Tensor['trace']>;

/** What all optimizers do alike: check, assign what was proposed, count, save and load. */
export abstract class BaseOptimizer implements Optimizer {
  abstract readonly name: string;
  /** Calls of `step` that succeeded; on the host, because schedules are host functions. */
  #calls: number;
  /** How many steps of a trace came before. */
  readonly #traced = new WeakMap<Trace, number>();

  constructor(calls: number) {
    this.#calls = calls;
  }

  abstract propose(
    parameters: readonly Variable[],
    gradients: readonly Tensor[],
    call: () => number,
  ): Proposal;
  abstract meet(parameters: readonly Variable[], call: number): () => void;

  /** All variables of the state, by name. */
  protected abstract variables(): Record<string, Variable>;

  step(parameters: readonly Variable[], gradients: readonly Tensor[]): StepReport {
    checkLists(this.name, parameters, gradients);
    // In a trace, a further step must look one call ahead: calls are counted when the trace has run.
    const { trace } = weakScalar(0);
    const earlier = trace === undefined ? 0 : (this.#traced.get(trace) ?? 0);
    const before = parameters.map(({ value }) => value);
    const proposal = this.propose(parameters, gradients, () => this.#calls + earlier);
    hostInput(() => 0, {
      committed: () => {
        this.#calls += 1;
      },
    });
    const updates = parameters.map((parameter, i) => [parameter, proposal.parameters[i]] as const);
    for (const [target, value] of [...updates, ...proposal.state]) {
      if (value !== target.value) target.assign(value);
    }
    if (trace !== undefined) this.#traced.set(trace, earlier + 1);
    return new StepReport(before, gradients, proposal.parameters);
  }

  state(): OptimizerState {
    return { rule: this.name, calls: this.#calls, variables: this.variables() };
  }

  load(
    { rule, calls, variables: saved }: OptimizerState<Tensor | Variable>,
    parameters: readonly Variable[] = [],
  ): void {
    const where = `${this.name}: load`;
    if (rule !== this.name) throw new DownhillError(`${where}: the state is that of ${rule}`);
    if (!Number.isSafeInteger(calls) || calls < 0) {
      throw new DownhillError(`${where}: expected a whole number of calls of at least 0, got ${calls}`);
    }
    const forget = this.meet(parameters, calls);
    const own = this.variables();
    try {
      checkSameNames(where, Object.keys(own), Object.keys(saved));
      for (const [name, target] of Object.entries(own)) checkFits(`${where}: ${name}`, saved[name], target);
    } catch (error) {
      forget();
      throw error;
    }
    for (const [name, target] of Object.entries(own)) target.assign(saved[name]);
    this.#calls = calls;
  }
}

function checkLists(name: string, parameters: readonly Variable[], gradients: readonly Tensor[]): void {
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

/** Throws unless both lists hold the same names, in whatever order. */
export function checkSameNames(where: string, expected: readonly string[], got: readonly string[]): void {
  const missing = expected.filter((name) => !got.includes(name));
  const unknown = got.filter((name) => !expected.includes(name));
  if (missing.length + unknown.length === 0) return;
  const parts = [
    missing.length > 0 ? `${missing.join(', ')} missing` : '',
    unknown.length > 0 ? `${unknown.join(', ')} unknown` : '',
  ];
  throw new DownhillError(`${where}: ${parts.filter((part) => part !== '').join('; ')}`);
}

/** Throws unless a value has shape and dtype of what it is for. */
export function checkFits(where: string, value: Tensor | Variable, target: Tensor | Variable): void {
  const owner = 'name' in target ? `, that of ${target.name}` : '';
  if (!sameShape(value.shape, target.shape)) {
    throw new ShapeError(
      `${where} has shape ${formatShape(value.shape)}; expected ${formatShape(target.shape)}${owner}`,
    );
  }
  if (value.dtype !== target.dtype) {
    throw new DTypeError(`${where} is ${value.dtype}; expected ${target.dtype}${owner}`);
  }
}
