/** One run of `measureMemory`, in a process of its own: prints what it found as JSON. */
import { setImmediate } from 'node:timers/promises';
import { compile } from '@downhill/tensor';
import { works } from './contender.js';
import { makeBatch, makeStep, useBackend } from './downhill.js';
import { type MemoryGrowth, type MemoryRun } from './memory.js';

const [backend, mode, waiting, steps] = process.argv.slice(2) as [
  MemoryRun['backend'],
  MemoryRun['mode'],
  MemoryRun['waiting'],
  string,
];
const count = Number(steps);
const [mlp] = works;

const resident = () => process.memoryUsage.rss() / 1e6;

await useBackend(backend);
const { inputs, targets } = makeBatch(mlp);
const step = mode === 'compiled' ? compile(makeStep(mlp)) : makeStep(mlp);
let before = 0;
let loss = 0;
const start = performance.now();
for (let i = 1; i <= count; i++) {
  loss = step(inputs, targets).item();
  if (waiting === 'waits' && i % 50 === 0) await setImmediate();
  if (i === Math.round(count / 10)) before = resident();
}
if (!(loss < 2)) throw new Error(`the network has not learnt: its loss is ${loss}`);
const growth: MemoryGrowth = {
  before,
  after: resident(),
  stepsPerSecond: (1000 * count) / (performance.now() - start),
};
console.log(JSON.stringify(growth));
