import { type Task } from './task.js';
import { placed } from './network.js';

/** What a contender is asked, one line of JSON each. */
export type Request =
  | { readonly do: 'prepare'; readonly task: Task; readonly layers?: ReturnType<typeof placed> }
  /** Run again and again until this time is over, but at least once. */
  | { readonly do: 'run'; readonly milliseconds: number }
  | { readonly do: 'sample' }
  | { readonly do: 'dispose' };

/** What it answers; fields belong to what was asked. */
export interface Reply {
  /** Why the task cannot be done; then nothing else is there. */
  readonly cannot?: string;
  /** What is not as the task wants it, so that results are comparable in the first run only. */
  readonly differs?: string;
  readonly runs?: number;
  readonly milliseconds?: number;
  /** Of the last run. */
  readonly loss?: number;
  /** Elements of the result, from all over it. */
  readonly samples?: readonly number[];
}

/** Asks for a task, with its network's layers placed, for those who cannot place them. */
export function prepareRequest(task: Task): Request {
  return 'network' in task ? { do: 'prepare', task, layers: placed(task.network) } : { do: 'prepare', task };
}
