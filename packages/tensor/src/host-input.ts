import { constant, Tensor } from './tensor.js';
import { currentTrace } from './trace.js';

export interface HostInputOptions {
  /** Called after a run that used the input has succeeded: the place to advance a counter. */
  readonly committed?: () => void;
}

/**
 * A float64 scalar whose value comes from the host: in a compiled function `read` is called once for each call, in
 * order of registration; elsewhere it is called now. It takes the dtype of its partner, as a number does.
 */
export function hostInput(read: () => number, { committed }: HostInputOptions = {}): Tensor {
  const trace = currentTrace();
  if (!trace) {
    const value = constant(read(), [], 'float64', true);
    committed?.();
    return value;
  }
  const input = new Tensor({ name: 'hostInput', read, committed }, [], [], 'float64', true);
  trace.hostInputs.push(input);
  return input;
}

/**
 * A float64 scalar, of a number or of a scalar tensor, that takes the dtype of its partner as a number does: arithmetic
 * among such scalars loses nothing to float32.
 */
export function weakScalar(value: number | Tensor): Tensor {
  if (typeof value === 'number') return constant(value, [], 'float64', true);
  return new Tensor({ name: 'cast' }, [value], [], 'float64', true);
}
