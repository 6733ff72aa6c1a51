import { type Contender } from './contender.js';
import { type Outcome } from './figures.js';
import { disagreement } from './agreement.js';
import { deterministic } from './network.js';
import { prepareRequest, type Reply } from './protocol.js';
import { type Task } from './task.js';
import { type Work } from './work.js';

/** First runs, whose results are compared. */
const CHECKED_RUNS = 5;
/** Seconds a run may take for its contender to take part in the rounds. */
const SLOW = 0.3;
const WARM_UP_MILLISECONDS = 300;
const ROUNDS = 7;
const ROUND_MILLISECONDS = 80;
const PATIENCE = 3;
/** Starting a library and making operands is given this many seconds more. */
const START = 20;

/** What a contender's first runs gave. */
export interface FirstRuns {
  readonly contender: Contender;
  readonly seconds: number[];
  /** One loss a run, or samples of the result of the first run. */
  readonly values: number[];
  readonly differs?: string;
  /** Why there are fewer runs than wanted. */
  readonly stopped?: string;
}

/** Measures a work: all contenders are checked first, then take turns. */
export async function measure(work: Work, contenders: readonly Contender[]): Promise<Outcome[]> {
  const first: FirstRuns[] = [];
  for (const contender of contenders) first.push(await firstRuns(work, contender));
  const outcomes = first.map((runs): Outcome => outcomeOf(work, runs, first));
  const racing = first.filter(
    ({ stopped }, i) => stopped === undefined && (outcomes[i].seconds ?? Infinity) < SLOW,
  );
  const times = new Map<Contender, number[]>();
  for (const { contender, values } of racing) {
    if (!(await prepareForRounds(work.task, contender))) continue;
    const reply = await contender.ask({ do: 'run', milliseconds: WARM_UP_MILLISECONDS }, 1e3 * START);
    if (hasLearnt(work.task, values, reply)) times.set(contender, []);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contender, found] of times) {
      const reply = await contender.ask({ do: 'run', milliseconds: ROUND_MILLISECONDS }, 1e3 * START);
      if (reply?.runs !== undefined && reply.milliseconds !== undefined) {
        found.push(reply.milliseconds / 1e3 / reply.runs);
      }
    }
  }
  for (const { contender } of first) await contender.ask({ do: 'dispose' }, 1e3 * START);
  return outcomes.map((outcome, i) => {
    const found = times.get(first[i].contender);
    if (found !== undefined && found.length > 0) {
      return { ...outcome, seconds: median(found), fromRuns: undefined };
    }
    return racing.includes(first[i])
      ? {
          ...outcome,
          seconds: undefined,
          remark: 'does not count: the loss did not fall, or it failed in the rounds',
        }
      : outcome;
  });
}

async function firstRuns({ task, patience = PATIENCE }: Work, contender: Contender): Promise<FirstRuns> {
  const checked = 'network' in task ? { ...task, network: deterministic(task.network) } : task;
  const seconds: number[] = [];
  const values: number[] = [];
  const prepared = await contender.ask(prepareRequest(checked), 1e3 * (patience + START));
  const runs = { contender, seconds, values, differs: prepared?.differs };
  if (prepared === undefined) return { ...runs, stopped: 'cannot: not ready in time' };
  if (prepared.cannot !== undefined) return { ...runs, stopped: `cannot: ${prepared.cannot}` };
  const end = performance.now() + 1e3 * patience;
  while (seconds.length < CHECKED_RUNS) {
    const left = end - performance.now();
    const reply = left > 0 ? await contender.ask({ do: 'run', milliseconds: 0 }, left) : undefined;
    if (reply === undefined) {
      return { ...runs, stopped: seconds.length > 0 ? '' : `cannot: no run ended in ${patience} s` };
    }
    if (reply.cannot !== undefined) return { ...runs, stopped: `cannot: ${reply.cannot}` };
    seconds.push((reply.milliseconds ?? NaN) / 1e3);
    if (task.kind === 'training') values.push(reply.loss ?? NaN);
    else if (values.length === 0) {
      values.push(...((await contender.ask({ do: 'sample' }, 1e3 * START))?.samples ?? []));
    }
  }
  return runs;
}

/** What stands if the contender takes no part in the rounds. */
function outcomeOf({ task }: Work, runs: FirstRuns, all: readonly FirstRuns[]): Outcome {
  const { contender, seconds, differs, stopped } = runs;
  const { name } = contender;
  const wrong = seconds.length === 0 ? undefined : disagreement(task, runs, all);
  if (seconds.length === 0 || wrong !== undefined || stopped?.startsWith('cannot')) {
    return { name, remark: stopped?.startsWith('cannot') ? stopped : wrong };
  }
  return {
    name,
    // The first run had to make what the others found.
    seconds: median(seconds.length > 1 ? seconds.slice(1) : seconds),
    firstSeconds: seconds[0],
    fromRuns: Math.max(1, seconds.length - 1),
    remark: differs,
  };
}

/** What was checked without random numbers is made anew with them. */
async function prepareForRounds(task: Task, contender: Contender): Promise<boolean> {
  const isRandom = 'network' in task && task.network.layers.some(({ kind }) => kind === 'dropout');
  if (!isRandom) return true;
  const reply = await contender.ask(prepareRequest(task), 1e3 * START);
  return reply !== undefined && reply.cannot === undefined;
}

function hasLearnt(task: Task, losses: readonly number[], reply: Reply | undefined): boolean {
  if (reply === undefined || reply.cannot !== undefined) return false;
  return task.kind !== 'training' || (reply.loss ?? NaN) < losses[0];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
