import { defineCommand, runMain } from 'citty';
import { works } from './contender.js';
import { downhill } from './downhill.js';
import { measureMemory, type MemoryRun } from './memory.js';
import { measurePeak } from './peak.js';
import { tfjsCpu } from './tfjs.js';
import { measureRates } from './throughput.js';

const MEMORY_LIMIT = 30;
const memoryRuns: readonly MemoryRun[] = [
  { backend: 'wasm', mode: 'compiled', waiting: 'waits', steps: 5000 },
  { backend: 'wasm', mode: 'compiled', waiting: 'never-waits', steps: 5000 },
  { backend: 'wasm', mode: 'uncompiled', waiting: 'waits', steps: 5000 },
  { backend: 'wasm', mode: 'uncompiled', waiting: 'never-waits', steps: 5000 },
];

async function printRates(only: string | undefined): Promise<void> {
  for (const work of works.filter(({ name }) => only === undefined || only === name)) {
    console.log(`\n${work.name}: ${work.description}`);
    const { gigaflops, instruction } = measurePeak();
    console.log(`  128-bit peak of one core now: ${gigaflops.toFixed(1)} GF/s (${instruction})`);
    // The peer comes last: the others are measured by it.
    const contenders = [await downhill(work, 'wasm'), await downhill(work, 'portable'), await tfjsCpu(work)];
    const [start, before] = [performance.now(), process.cpuUsage()];
    const rates = await measureRates(contenders);
    const used = process.cpuUsage(before);
    const share = (used.user + used.system) / 1000 / (performance.now() - start);
    // Rates are by the clock on the wall: on a busy machine they are too low by this share, all of them alike.
    console.log(`  this process had ${(100 * share).toFixed(0)} % of a core`);
    const peer = rates[rates.length - 1].stepsPerSecond;
    for (const { name, stepsPerSecond } of rates) {
      const rate = stepsPerSecond.toFixed(stepsPerSecond < 100 ? 1 : 0).padStart(9);
      console.log(
        `  ${name.padEnd(18)}${rate} steps/s  ${(stepsPerSecond / peer).toFixed(2).padStart(8)} x tfjs`,
      );
    }
  }
}

async function printMemory(): Promise<void> {
  console.log(
    '\nmemory: resident megabytes after a tenth of the MLP steps and after the last; nothing disposed',
  );
  for (const run of memoryRuns) {
    const { before, after, stepsPerSecond } = await measureMemory(run);
    const growth = after - before;
    console.log(
      `  ${`${run.backend} ${run.mode}, ${run.waiting}`.padEnd(32)}${run.steps} steps: ` +
        `${before.toFixed(0)} -> ${after.toFixed(0)} (${growth >= 0 ? '+' : ''}${growth.toFixed(1)}), ` +
        `${stepsPerSecond.toFixed(0)} steps/s${growth > MEMORY_LIMIT ? `  MORE THAN ${MEMORY_LIMIT}` : ''}`,
    );
  }
}

const command = defineCommand({
  meta: { name: 'npm run bench --', description: 'Times Downhill beside its peers on the same work.' },
  args: {
    only: { type: 'enum', options: ['mlp', 'tiny', 'memory'], description: 'measure only this' },
  },
  async run({ args: { only } }) {
    console.log(`Node ${process.version} ${process.execArgv.join(' ')}, one thread each, float32`);
    if (only !== 'memory') await printRates(only);
    if (only === undefined || only === 'memory') await printMemory();
  },
});

await runMain(command);
