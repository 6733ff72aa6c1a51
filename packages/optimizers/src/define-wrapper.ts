import type { Tensor } from '@downhill/tensor';
import type { GivenOptions, OptionDefaults, PlainOptions, Range, TensorOptions } from './options.js';
import type { Optimizer } from './optimizer.js';
import { WrappedOptimizer } from './wrapped-optimizer.js';

/** What a wrapper keeps, by name: a tensor, or a list of one for each parameter. */
export type WrapperState = Readonly<Record<string, Tensor | readonly Tensor[]>>;

/** Options of one call of what is wrapped. */
export interface InnerOptions {
  /** A scalar: where it is false, nothing changes, neither parameters nor anything of the state within. */
  readonly when?: Tensor;
}

/** What a wrapper's update is computed from. Lists have one entry for each parameter, in order. */
export interface WrapperInput<Defaults extends OptionDefaults, State extends WrapperState> {
  readonly parameters: readonly Tensor[];
  /** Of the shapes and dtypes of the parameters. */
  readonly gradients: readonly Tensor[];
  /** What the parameters are called. */
  readonly names: readonly string[];
  readonly state: State;
  /** Numbers are weak float64 scalars, as in a rule's update. */
  readonly options: TensorOptions<Defaults>;
  /** The update that is wrapped: from gradients to new parameters. To be called exactly once. */
  readonly inner: (gradients: readonly Tensor[], options?: InnerOptions) => readonly Tensor[];
}

/** What goes around an update rule and sees all gradients and parameters at once: a pair of pure functions. */
export interface Wrapper<Defaults extends OptionDefaults, State extends WrapperState> {
  /** How errors call it. */
  readonly name: string;
  /** The options and their defaults: numbers, booleans and strings. */
  readonly defaults: Defaults;
  /** The values numbers may have; any finite one where nothing is said. */
  readonly ranges?: { readonly [Name in keyof Defaults]?: Range };
  /** The state before the first step. For parameters that are met later it is asked again, and the lists it gives are used. */
  readonly init: (parameters: readonly Tensor[], options: PlainOptions<Defaults>) => State;
  /** The new parameters and state, of the old shapes and dtypes. */
  readonly update: (input: WrapperInput<Defaults, State>) => {
    readonly parameters: readonly Tensor[];
    readonly state: State;
  };
}

/** Wraps optimizers, and carries the wrapper for whoever wants to use it. */
export interface WrapperFactory<Defaults extends OptionDefaults, State extends WrapperState> {
  /** Throws for unknown options and for values of a wrong type or out of range. */
  (optimizer: Optimizer, options?: GivenOptions<Defaults>): Optimizer;
  readonly wrapper: Wrapper<Defaults, State>;
}

/**
 * A function that wraps optimizers, of any rule or wrapped already. Between the gradients it gets and the parameters it
 * returns it calls `inner` once, and may change what goes in and what comes out:
 *
 * ```ts
 * const gradientNoise = defineWrapper({
 *   name: 'gradientNoise',
 *   defaults: { deviation: 0.01 },
 *   init: () => ({}),
 *   update: ({ gradients, options: { deviation }, inner }) => ({
 *     parameters: inner(gradients.map((g) => g.add(random.normal(g.shape).mul(deviation)))),
 *     state: {},
 *   }),
 * });
 * const optimizer = gradientNoise(adam(), { deviation: 0.1 });
 * ```
 */
export function defineWrapper<Defaults extends OptionDefaults, State extends WrapperState>(
  wrapper: Wrapper<Defaults, State>,
): WrapperFactory<Defaults, State> {
  return Object.assign(
    (optimizer: Optimizer, options: GivenOptions<Defaults> = {}) =>
      new WrappedOptimizer(wrapper, optimizer, options),
    { wrapper },
  );
}
