import { sum, type Tensor } from '@downhill/tensor';

/** What a new direction is worked out from, all in float64 and [n] but for the state. */
export interface DirectionInput<State> {
  /** Where it stands now. */
  readonly gradient: Tensor;
  /** Before the step. */
  readonly oldGradient: Tensor;
  readonly oldDirection: Tensor;
  readonly step: Tensor;
  /** What the step changed in the gradient. */
  readonly change: Tensor;
  readonly state: State;
}

/** A method with a line search: a pair of pure functions over tensors, as an update rule is. */
export interface DirectionRule {
  /** c₂ of its line search: how much of the slope a step may leave. */
  readonly curvature: number;
  /** Whether its directions have a length of their own once it has learned from a step, so that 1 is the step to try. */
  readonly scaled: 'learned' | 'never';
  /** What it remembers before the first step. */
  readonly init: (size: number) => Readonly<Record<string, Tensor>>;
  readonly next: (input: DirectionInput<Readonly<Record<string, Tensor>>>) => {
    readonly direction: Tensor;
    readonly state: Readonly<Record<string, Tensor>>;
  };
}

/** Whether the gradient grew along the step, by more than rounding makes of it: only such a pair says how it curves. */
export function bends(step: Tensor, change: Tensor): Tensor {
  return sum(step.mul(change)).greater(sum(change.square()).mul(2 ** -52));
}
