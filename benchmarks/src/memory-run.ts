/** One run of `measureMemory`, in a process of its own: prints what it found as JSON. */
import { setImmediate } from 'node:timers/promises';
import { compile } from '@downhill/tensor';
import { concrete, trainingStep, useBackend } from './downhill.js';
import { type MemoryGrowth, type MemoryRun } from './memory.js';
import { mlpTask } from './works/mlp.js';

const [mode, waiting, steps] = process.argv.slice(2) as [MemoryRun['mode'], MemoryRun['waiting'], string];
const count = Number(steps);

const resident = () => process.memoryUsage.rss() / 1e6;

await useBackend('wasm');
const [inputs, targets] = [concrete(mlpTask.inputs), concrete(mlpTask.targets)];
const step = mode === 'compiled' ? compile(trainingStep(mlpTask)) : trainingStep(mlpTask);
let before = 0;
let loss = 0;
for (let i = 1; i <= count; i++) {
  loss = step(inputs, targets).item();
  if (waiting === 'waits' && i % 50 === 0) await setImmediate();
  if (i === Math.round(count / 10)) before = resident();
}
if (!(loss < 2)) throw new Error(`the network has not learnt: its loss is ${loss}`);
const growth: MemoryGrowth = { before, after: resident() };
console.log(JSON.stringify(growth));
process.exit();
