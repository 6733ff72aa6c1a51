import { type Contender } from './contender.js';

/** How many first steps must have the same loss everywhere, to this relative difference. */
const CHECKED_STEPS = 10;
const TOLERANCE = 1e-3;
const WARM_UP_MILLISECONDS = 1000;
const ROUNDS = 7;
const ROUND_MILLISECONDS = 400;

export interface Rate {
  readonly name: string;
  readonly stepsPerSecond: number;
}

/** Steps per second of each contender: the median of rounds in which they take turns, after all have warmed up. */
export async function measureRates(contenders: readonly Contender[]): Promise<Rate[]> {
  await checkSameDescent(contenders);
  const rates = contenders.map((): number[] => []);
  for (const contender of contenders) await rateOf(contender, WARM_UP_MILLISECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, contender] of contenders.entries()) {
      rates[i].push(await rateOf(contender, ROUND_MILLISECONDS));
    }
  }
  return contenders.map(({ name }, i) => ({ name, stepsPerSecond: median(rates[i]) }));
}

/** A step counts only if it learns: losses must fall, and must be those of the last contender, the peer. */
async function checkSameDescent(contenders: readonly Contender[]): Promise<void> {
  const losses: number[][] = [];
  for (const { select, step } of contenders) {
    await select();
    losses.push(Array.from({ length: CHECKED_STEPS }, step));
  }
  const expected = losses[losses.length - 1];
  contenders.forEach(({ name }, i) => {
    const falls = losses[i][CHECKED_STEPS - 1] < losses[i][0];
    const same = losses[i].every((loss, k) => Math.abs(loss / expected[k] - 1) < TOLERANCE);
    if (!falls || !same) {
      throw new Error(
        `${name}: expected losses that fall as ${expected.join(' ')}, got ${losses[i].join(' ')}`,
      );
    }
  });
}

async function rateOf({ name, select, step }: Contender, milliseconds: number): Promise<number> {
  await select();
  const start = performance.now();
  let steps = 0;
  let elapsed = 0;
  let loss = 0;
  while (elapsed < milliseconds) {
    loss = step();
    steps++;
    elapsed = performance.now() - start;
  }
  if (!Number.isFinite(loss)) throw new Error(`${name}: the loss became ${loss}`);
  return (1000 * steps) / elapsed;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
