import type { Tensor, Variable } from '@downhill/tensor';
import type { Optimizer } from './optimizer.js';
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
  readonly init: (parameter: Tensor | Variable, options: PlainOptions<Defaults>) => State;
  /** The new parameter and state, of the old shapes and dtypes. */
  readonly update: (input: UpdateInput<Defaults, State>) => {
    readonly parameter: Tensor;
    readonly state: State;
  };
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
