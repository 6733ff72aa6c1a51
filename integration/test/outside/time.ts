/** Times steps of the digits network with the stranger's rule beside our adam, and prints both and their quotient. */
import { wasm } from '@downhill/backend-wasm';
import { batches, mnistDigits } from '@downhill/data';
import { adam, type Optimizer } from '@downhill/optimizers';
import { setBackend } from '@downhill/tensor';
import { adabelief } from './adabelief.js';
import { digitsNetwork } from './network.js';

const ROUNDS = 41;
const STEPS_PER_ROUND = 25;

setBackend(await wasm());
const [{ images, labels }] = batches(await mnistDigits(), { size: 64, seed: 1, epoch: 0 });

function stepOf(optimizer: Optimizer): () => number {
  const { step } = digitsNetwork(optimizer);
  return () => step(images, labels).item();
}

const contenders = [
  { name: 'adam', step: stepOf(adam()), milliseconds: [] as number[] },
  { name: 'adabelief', step: stepOf(adabelief()), milliseconds: [] as number[] },
];
// The first round warms up, and is not counted; in each round they take turns, whoever begins.
for (let round = 0; round <= ROUNDS; round++) {
  for (const { step, milliseconds } of round % 2 === 0 ? contenders : [...contenders].reverse()) {
    const start = performance.now();
    for (let i = 0; i < STEPS_PER_ROUND; i++) step();
    if (round > 0) milliseconds.push((performance.now() - start) / STEPS_PER_ROUND);
  }
}
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const [ours, theirs] = contenders.map(({ milliseconds }) => median(milliseconds));
// Quotients within a round: what else the machine does in it slows both.
const quotient = median(contenders[1].milliseconds.map((each, i) => each / contenders[0].milliseconds[i]));
console.log(
  `adam ${ours.toFixed(3)} ms a step, adabelief from outside ${theirs.toFixed(3)} ms; ` +
    `quotient, median of ${ROUNDS} rounds: ${quotient.toFixed(3)}`,
);
