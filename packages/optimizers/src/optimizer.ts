import type { Tensor, TensorLike, Variable } from '@downhill/tensor';
import type { StepReport } from './step-report.js';

/** All that a checkpoint needs to go on exactly where an optimizer stood. */
export interface OptimizerState<Value extends TensorLike = Variable> {
  /** The rule and what is wrapped around it: `adam`, or `lookahead(adam)`. */
  readonly rule: string;
  /** Successful calls of `step`: what schedules are asked for next. */
  readonly calls: number;
  /**
   * A rule's are `step`, and each parameter's state as `position.parameter.key` (`0.weight.m`), where the position counts
   * parameters in the order in which the optimizer met them. A wrapper's own are named alike, and what it wraps has
   * `inner.` in front.
   */
  readonly variables: Readonly<Record<string, Value>>;
}

/** What an optimizer would make of parameters and of its state, and has not assigned. */
export interface Proposal {
  /** The new values of the parameters, one for each. */
  readonly parameters: readonly Tensor[];
  /** The variables of the optimizer's state, and their new values. */
  readonly state: readonly (readonly [variable: Variable, value: Tensor])[];
}

/** Moves parameters downhill, and keeps the state for it. */
export interface Optimizer {
  /** The rule and what is wrapped around it, as errors call it: `lookahead(adam)`. */
  readonly name: string;
  /**
   * One update of each parameter by the gradient at the same place. Inside a compiled function it becomes part of the
   * step. All updates are computed from old values before any is assigned. What it returns tells on request how
   * far each parameter moved.
   *
   * Throws, with nothing changed, for lists of different lengths, a gradient of another shape or dtype than its
   * parameter, a parameter listed twice, and a schedule that gives NaN or leaves the option's range.
   */
  step(parameters: readonly Variable[], gradients: readonly Tensor[]): StepReport;
  /** The state as it is now: the variables themselves, not copies. */
  state(): OptimizerState;
  /**
   * Takes over a saved state. In an optimizer that has not met its parameters yet, name them, in the order in which the
   * saved one met them. Throws, with nothing changed, unless rule, names, shapes and dtypes are exactly those of this
   * optimizer.
   */
  load(saved: OptimizerState<Tensor | Variable>, parameters?: readonly Variable[]): void;
  /**
   * What `step` would assign, for whoever wraps this optimizer. The lists are known to fit; `call` gives the number of the
   * step to schedules, and is asked anew at each run.
   */
  propose(parameters: readonly Variable[], gradients: readonly Tensor[], call: () => number): Proposal;
  /** Makes the state of parameters not met before; calling what it returns forgets them again. */
  meet(parameters: readonly Variable[], call: number): () => void;
}
