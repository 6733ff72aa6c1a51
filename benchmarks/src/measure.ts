import { type Contender } from './contender.js';
import { Figures, type Outcome } from './figures.js';
import { measureMachine, overRounds } from './machine.js';
import { median } from './median.js';
import { disagreement } from './agreement.js';
import { deterministic } from './network.js';
import { prepareRequest } from './protocol.js';
import { type Task } from './task.js';
import { type Work } from './work.js';

/** First runs, whose results are compared. */
const CHECKED_RUNS = 5;
/** Seconds a run may take for its contender to take part in the rounds. */
const SLOW = 0.5;
const WARM_UP_MILLISECONDS = 200;
/** Many and short: some of them are spared by neighbours. */
const ROUNDS = 15;
const ROUND_MILLISECONDS = 25;
/**
 * What runs before a turn is timed, where a run takes less: a turn begins with cold caches and workers asleep, which some
 * systems wake on one core and move to the next after a while. Training has that once.
 */
const WAKING_MILLISECONDS = 50;
/** So many runs a turn has at least. */
const RUNS_A_TURN = 4;
/** A slow contender has fewer rounds: none after this time, if it has had three. */
const ROUNDS_MILLISECONDS = 3000;
const LEAST_ROUNDS = 3;
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

/** Measures a work: all contenders are checked first, then take turns, and with them what the machine can do at most. */
export async function measure(work: Work, contenders: readonly Contender[]): Promise<Figures> {
  const machines = [await measureMachine(work.ceiling)];
  const first: FirstRuns[] = [];
  for (const contender of contenders) first.push(await firstRuns(work, contender));
  const alone = first.map((runs): Outcome => outcomeOf(work, runs, first));
  const racing: Racer[] = [];
  for (const [i, { contender, stopped }] of first.entries()) {
    const { seconds = Infinity } = alone[i];
    if (stopped !== undefined || seconds >= SLOW) continue;
    if (!(await prepareForRounds(work.task, contender))) continue;
    const turn = Math.max(ROUND_MILLISECONDS, 1e3 * RUNS_A_TURN * seconds);
    const racer = (): Racer => ({ runs: first[i], turn, seconds: [], spent: 0, losses: [] });
    await takeTurn(racer(), WARM_UP_MILLISECONDS);
    racing.push(racer());
  }
  for (let round = 0; round < ROUNDS; round++) {
    machines.push(await measureMachine('flops'));
    for (const racer of racing) {
      const isSpent = round >= LEAST_ROUNDS && racer.spent > ROUNDS_MILLISECONDS;
      if (!isSpent) await takeTurn(racer, racer.turn);
    }
  }
  for (const { contender } of first) await contender.ask({ do: 'dispose' }, 1e3 * START);
  const outcomes = alone.map((outcome, i) => {
    const racer = racing.find(({ runs }) => runs === first[i]);
    return racer === undefined ? outcome : racedOutcome(work.task, outcome, racer);
  });
  return new Figures(overRounds(machines), outcomes);
}

/** A contender in the rounds. */
interface Racer {
  readonly runs: FirstRuns;
  /** Milliseconds a turn takes. */
  readonly turn: number;
  /** Of a run, one each round. */
  seconds: number[];
  /** Milliseconds in all rounds. */
  spent: number;
  /** Of the last step of each round: one alone may stand out, as ConvNetJS's do. */
  readonly losses: number[];
}

async function takeTurn(racer: Racer, milliseconds: number): Promise<void> {
  const { contender } = racer.runs;
  if (racer.turn <= RUNS_A_TURN * WAKING_MILLISECONDS) {
    await contender.ask({ do: 'run', milliseconds: WAKING_MILLISECONDS }, 1e3 * START);
  }
  const reply = await contender.ask({ do: 'run', milliseconds }, 1e3 * START);
  if (reply?.runs === undefined || reply.milliseconds === undefined) {
    racer.seconds = [];
    racer.spent = Infinity;
    return;
  }
  racer.seconds.push(reply.milliseconds / 1e3 / reply.runs);
  racer.spent += reply.milliseconds;
  racer.losses.push(reply.loss ?? NaN);
}

function racedOutcome(task: Task, outcome: Outcome, { runs, seconds, losses }: Racer): Outcome {
  const { name, remark } = outcome;
  const loss = losses.every(Number.isFinite) ? median(losses) : NaN;
  const hasLearnt = task.kind !== 'training' || loss < runs.values[0];
  if (seconds.length < LEAST_ROUNDS) return { name, remark: 'does not count: it failed in the rounds' };
  if (!hasLearnt) {
    return { name, remark: `does not count: its loss goes from ${runs.values[0]} to ${loss} in the rounds` };
  }
  return { name, remark, seconds: median(seconds), bestSeconds: Math.min(...seconds) };
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
    bestSeconds: Math.min(...seconds),
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
