import { type Task } from './task.js';

/** One library with one set of options, in a process of its own. */
export interface Library {
  /** Makes a task ready; throws what the library itself says where it cannot do it. */
  prepare(task: Task): Runner | Promise<Runner>;
}

/** A task made ready: operands are where the library wants them, so that running it is the work itself. */
export interface Runner {
  /** Does the task once, and comes back when it is done: a training step with its loss, other tasks with nothing. */
  run(): Step | Promise<Step>;
  /** What the last run made, in the layout of the task; a training step has none. */
  result?(): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** What it does in another way than the task says, because the library has no other. */
  readonly differs?: string;
  /** Gives memory back. */
  dispose?(): void;
}

export type Step = number | undefined;

/** A task that a library has no way to do, said in few words. */
export class Cannot extends Error {}
