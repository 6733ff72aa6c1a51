import type { Conclusion, Experiment, Plain, Watch } from '../src/experiment.js';

/** Runs all parts of an experiment, and concludes. */
export async function runWhole(
  { parts, run, conclude }: Experiment,
  watch: Watch = () => Promise.resolve(),
): Promise<Conclusion> {
  const outcomes = new Map<string, Plain>();
  for (const part of parts) outcomes.set(part, await run(part, watch));
  return conclude(outcomes);
}
