/**
 * Measures math.ts over all 2^32 float32 and prints the table of docs/accuracy.md, which says how to run it.
 * Arguments name functions; none means all. Where the engine has relaxed multiply-add, `--two-steps` does without.
 */
import { distance, Evaluator, functionNames, pow, references, ulpError, ways } from './transcendentals.js';

const BLOCK = 2 ** 20;

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const way = process.argv.includes('--two-steps') ? 'in two steps' : ways[ways.length - 1];

interface Found {
  name: string;
  /** Units in the last place, against the exact value. */
  error: number;
  at: string;
  /** float32 numbers away from the correctly rounded one. */
  distance: number;
  rounded: number;
  count: number;
}

const start = (name: string): Found => ({ name, error: 0, at: '', distance: 0, rounded: 0, count: 0 });

/** Takes one result into account. */
function note(found: Found, result: number, exact: number, at: () => string): void {
  found.count++;
  const rounded = Math.fround(exact);
  if (result === rounded && result !== 0) {
    found.rounded++;
    return;
  }
  const far = distance(result, exact);
  if (far === 0) found.rounded++;
  found.distance = Math.max(found.distance, far);
  // Where the rounded value is infinite there is no last place; the distance covers it.
  const error = Number.isFinite(rounded) ? ulpError(result, exact) : 0;
  if (error > found.error) {
    found.error = error;
    found.at = at();
  }
}

function measure(name: keyof typeof references): Found {
  const evaluator = new Evaluator(name, BLOCK, way);
  const reference = references[name];
  const patterns = new Uint32Array(evaluator.first.buffer, 0, BLOCK);
  const found = start(name);
  for (let first = 0; first < 2 ** 32; first += BLOCK) {
    for (let i = 0; i < BLOCK; i++) patterns[i] = first + i;
    const results = evaluator.run();
    for (let i = 0; i < BLOCK; i++) {
      const x = evaluator.first[i];
      note(found, results[i], reference(x), () => `${x}`);
    }
  }
  return found;
}

/** Half random bit patterns, half exponents for which the result is neither 0 nor infinite. */
function measurePow(pairs: number): Found {
  const evaluator = new Evaluator('pow', BLOCK, way);
  const { first, second } = evaluator;
  const [xs, ys] = [first, second].map((array) => new Uint32Array(array.buffer, array.byteOffset, BLOCK));
  const found = start('pow');
  let state = 2463534242;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let done = 0; done < pairs; done += BLOCK) {
    for (let i = 0; i < BLOCK; i++) {
      xs[i] = random();
      ys[i] = random();
      if (i % 2) second[i] = ((random() / 2 ** 31 - 1) * 160) / Math.abs(Math.log2(Math.abs(first[i])));
    }
    const results = evaluator.run();
    for (let i = 0; i < BLOCK; i++) {
      note(found, results[i], pow(first[i], second[i]), () => `${first[i]}, ${second[i]}`);
    }
  }
  return found;
}

console.log(`Node ${process.version}, ${way}\n`);
console.log('| function | inputs | largest error, ULP | at | farthest, floats | correctly rounded |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const name of [...functionNames, 'pow'] as const) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const found = name === 'pow' ? measurePow(2 ** 30) : measure(name);
  const percent = ((100 * found.rounded) / found.count).toFixed(2);
  console.log(
    `| ${name} | ${found.count} | ${found.error.toFixed(3)} | ${found.at} | ${found.distance} | ${percent} % |`,
  );
}
