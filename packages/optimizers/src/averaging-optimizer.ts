import {
  DownhillError,
  hostInput,
  TraceError,
  weakScalar,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import type { Wrapper } from './define-wrapper.js';
import type { GivenOptions, OptionDefaults } from './options.js';
import type { Optimizer, Proposal } from './optimizer.js';
import { WrappedOptimizer } from './wrapped-optimizer.js';

/** What a wrapper that averages parameters keeps: an average for each, and whatever it needs besides. */
type AverageState = { readonly average: readonly Tensor[] } & Readonly<
  Record<string, Tensor | readonly Tensor[]>
>;

/** An optimizer that also keeps an average of each parameter. */
export interface AveragingOptimizer extends Optimizer {
  /**
   * Exchanges the parameters and their averages: once to evaluate with the averages, once more to train on. Meanwhile
   * stepping, saving and loading are errors. Not for use inside a compiled function.
   */
  swap(): void;
  /** Whether the parameters hold the averages now. */
  readonly swapped: boolean;
}

class SwappingOptimizer<Defaults extends OptionDefaults, State extends AverageState>
  extends WrappedOptimizer<Defaults, State>
  implements AveragingOptimizer
{
  #swapped = false;

  get swapped(): boolean {
    return this.#swapped;
  }

  swap(): void {
    if (weakScalar(0).trace !== undefined) {
      throw new TraceError(
        `${this.name}: swap inside a compiled function; call it outside, between two steps`,
      );
    }
    const pairs = this.entries('average');
    if (pairs.length === 0) {
      throw new DownhillError(`${this.name}: swap: there are no averages before the first step`);
    }
    const values = pairs.map(([parameter, average]) => [parameter.value, average.value]);
    pairs.forEach(([parameter, average], i) => {
      parameter.assign(values[i][1]);
      average.assign(values[i][0]);
    });
    this.#swapped = !this.#swapped;
  }

  override propose(
    parameters: readonly Variable[],
    gradients: readonly Tensor[],
    call: () => number,
  ): Proposal {
    // Asked anew at each run of a compiled step.
    hostInput(() => {
      this.#checkNotSwapped('step');
      return 0;
    });
    return super.propose(parameters, gradients, call);
  }

  override meet(parameters: readonly Variable[], call: number): () => void {
    this.#checkNotSwapped('load');
    return super.meet(parameters, call);
  }

  protected override variables(): Record<string, Variable> {
    this.#checkNotSwapped('state');
    return super.variables();
  }

  #checkNotSwapped(action: string): void {
    if (!this.#swapped) return;
    throw new DownhillError(
      `${this.name}: ${action} while the parameters hold their averages; call swap() once more first`,
    );
  }
}

/** As `defineWrapper`, for wrappers whose state has `average`, a list with the average of each parameter. */
export function defineAveraging<Defaults extends OptionDefaults, State extends AverageState>(
  wrapper: Wrapper<Defaults, State>,
): {
  (optimizer: Optimizer, options?: GivenOptions<Defaults>): AveragingOptimizer;
  readonly wrapper: Wrapper<Defaults, State>;
} {
  return Object.assign(
    (optimizer: Optimizer, options: GivenOptions<Defaults> = {}) =>
      new SwappingOptimizer(wrapper, optimizer, options),
    { wrapper },
  );
}
