import { type FirstRuns } from './measure.js';
import { type Task } from './task.js';

/** Of losses, whose differences grow from step to step; and of elements, beside the largest. */
const LOSS_TOLERANCE = 1e-2;
const RESULT_TOLERANCE = 1e-3;

/** Whom we believe, best first: the first of these that has a result is what others are compared with. */
const TRUSTED = ['pytorch', 'tfjs cpu', 'convnetjs', 'tfjs wasm', 'jax-js', 'downhill portable'];

/** Why a contender's runs do not count: its losses do not fall, or its results are not those of the others. */
export function disagreement(task: Task, runs: FirstRuns, all: readonly FirstRuns[]): string | undefined {
  const { values, differs } = runs;
  const isTraining = task.kind === 'training';
  const last = values.length - 1;
  if (!values.every(Number.isFinite) || last < 0) return `does not count: its result is ${values.join(' ')}`;
  if (isTraining && last > 0 && !(values[last] < values[0])) {
    return `does not count: its loss goes from ${values[0]} to ${values[last]}`;
  }
  const expected = TRUSTED.flatMap((library) =>
    all.filter(({ contender: { name }, values }) => name.library === library && values.length > 0),
  ).at(0)?.values;
  if (expected === undefined) return undefined;
  // Where an update rule is another, only what it started from is the same.
  const compared = Math.min(
    values.length,
    expected.length,
    isTraining && differs !== undefined ? 1 : Infinity,
  );
  const scale = Math.max(...expected.map(Math.abs));
  for (let i = 0; i < compared; i++) {
    const allowed = isTraining ? LOSS_TOLERANCE * Math.abs(expected[i]) : RESULT_TOLERANCE * scale;
    if (!(Math.abs(values[i] - expected[i]) <= allowed)) {
      return `does not count: ${isTraining ? `loss ${i + 1}` : 'its result'} is ${values[i]}, expected ${expected[i]}`;
    }
  }
  return undefined;
}
