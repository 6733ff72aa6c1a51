import type { Tensor } from './tensor.js';
import type { Variable } from './variable.js';

/** What a compiled function does while it is being traced: nothing outside it changes before it returns. */
export class Trace {
  /** Set when the trace has ended: its tensors cannot be used any more. */
  closed = false;
  /** The version of each variable as the function has left it so far, read or assigned. */
  readonly versions = new Map<Variable, Tensor>();
  /** What was assigned last, in order of first assignment. */
  readonly assigned = new Map<Variable, Tensor>();
  /** Host inputs in order of registration. */
  readonly hostInputs: Tensor[] = [];
}

let current: Trace | undefined;

/** The trace that is being recorded, if any. */
export function currentTrace(): Trace | undefined {
  return current;
}

/** Runs a function so that what it does is recorded in `trace`, or in none. */
export function recording<T>(trace: Trace | undefined, run: () => T): T {
  const before = current;
  current = trace;
  try {
    return run();
  } finally {
    current = before;
  }
}

/**
 * Runs a function with any trace suspended: what it computes is computed at once and belongs to no trace. This is
 * how a library makes variables (an optimizer's state) while a step that needs them is being traced.
 */
export function outsideTrace<T>(run: () => T): T {
  return recording(undefined, run);
}
