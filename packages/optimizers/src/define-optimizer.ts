import type { Tensor, TensorLike, Variable } from '@downhill/tensor';
import type { GivenOptions, OptionDefaults, PlainOptions, Range, TensorOptions } from './options.js';
import { RuleOptimizer } from './rule-optimizer.js';

/** The tensors a rule keeps for one parameter, by name. */
export type RuleState = Readonly<Record<string, Tensor>>;

/** What an update is computed from. */
export interface UpdateInput<Defaults extends OptionDefaults, State extends RuleState> {
  readonly parameter: Tensor;
  /** Of the shape and dtype of the parameter. */
  readonly gradient: Tensor;
  readonly state: State;
  /** Numbers are weak float64 scalars: `1 - 0.999` loses nothing, and they take the dtype of what they meet. */
  readonly options: TensorOptions<Defaults>;
  /** How many updates have been applied, this one included: 1 on the first. A weak float64 scalar. */
  readonly step: Tensor;
}

/** An update rule: a pair of pure functions over the tensors of one parameter. */
export interface UpdateRule<Defaults extends OptionDefaults, State extends RuleState> {
  /** How errors call it. */
  readonly name: string;
  /** The options and their defaults: numbers, booleans and strings. */
  readonly defaults: Defaults;
  /** The values numbers may have; any finite one where nothing is said. */
  readonly ranges?: { readonly [Name in keyof Defaults]?: Range };
  /** The state before the first update; options as plain values, a schedule's at that moment. */
  readonly init: (parameter: Tensor, options: PlainOptions<Defaults>) => State;
  /** The new parameter and state, of the old shapes and dtypes. */
  readonly update: (input: UpdateInput<Defaults, State>) => {
    readonly parameter: Tensor;
    readonly state: State;
  };
}

/** All that a checkpoint needs to go on exactly where an optimizer stood. */
export interface OptimizerState<Value extends TensorLike = Variable> {
  /** Successful calls of `step`: what schedules are asked for next. */
  readonly calls: number;
  /**
   * `step`, and each parameter's state as `position.parameter.key` (`0.weight.m`), where the position counts parameters
   * in the order in which the optimizer met them.
   */
  readonly variables: Readonly<Record<string, Value>>;
}

/** Applies an update rule to parameters, and keeps the state for it. */
export interface Optimizer {
  /**
   * One update of each parameter by the gradient at the same place. Inside a compiled function it becomes part of the
   * step. All updates are computed from old values before any is assigned.
   *
   * Throws, with nothing changed, for lists of different lengths, a gradient of another shape or dtype than its
   * parameter, a parameter listed twice, and a schedule that gives NaN or leaves the option's range.
   */
  step(parameters: readonly Variable[], gradients: readonly Tensor[]): void;
  /** The state as it is now: the variables themselves, not copies. */
  state(): OptimizerState;
  /**
   * Takes over a saved state. In an optimizer that has not met its parameters yet, name them, in the order in which the
   * saved one met them. Throws, with nothing changed, unless names, shapes and dtypes are exactly those of this optimizer.
   */
  load(saved: OptimizerState<Tensor | Variable>, parameters?: readonly Variable[]): void;
}

/** Makes optimizers of one rule, which it carries for whoever wants to use or wrap it. */
export interface OptimizerFactory<Defaults extends OptionDefaults, State extends RuleState> {
  /** Throws for unknown options and for values of a wrong type or out of range. */
  (options?: GivenOptions<Defaults>): Optimizer;
  readonly rule: UpdateRule<Defaults, State>;
}

/**
 * An optimizer from an update rule. The built-in ones are made with it; a rule is tensor operations, so yours fuses
 * into a compiled step as they do:
 *
 * ```ts
 * const sgd = defineOptimizer({
 *   name: 'sgd',
 *   defaults: { learningRate: 0.01 },
 *   init: () => ({}),
 *   update: ({ parameter, gradient, options: { learningRate } }) => ({
 *     parameter: parameter.sub(gradient.mul(learningRate)),
 *     state: {},
 *   }),
 * });
 * ```
 */
export function defineOptimizer<Defaults extends OptionDefaults, State extends RuleState>(
  rule: UpdateRule<Defaults, State>,
): OptimizerFactory<Defaults, State> {
  return Object.assign((options: GivenOptions<Defaults> = {}) => new RuleOptimizer(rule, options), { rule });
}
