import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Section } from './section.js';

export interface MemoryRun {
  readonly mode: 'compiled' | 'uncompiled';
  /** Whether the loop lets the event loop turn after every 50th step (`setImmediate`), or never. */
  readonly waiting: 'waits' | 'never-waits';
  readonly steps: number;
}

export interface MemoryGrowth {
  /** Resident memory after a tenth of the steps, in megabytes. */
  readonly before: number;
  /** And after the last. */
  readonly after: number;
}

const LIMIT = 30;
const STEPS = 5000;

/** Trains the MLP on wasm in processes of their own, disposing of nothing, and tells how memory grows. */
export async function measureMemory(): Promise<Section> {
  const found: { title: string; growth: number; remark: string }[] = [];
  for (const mode of ['compiled', 'uncompiled'] as const) {
    for (const waiting of ['waits', 'never-waits'] as const) {
      const { before, after } = await inNewProcess({ mode, waiting, steps: STEPS });
      found.push({
        title: `${mode}, ${waiting === 'waits' ? 'waits at times' : 'never waits'}`,
        growth: after - before,
        remark: `from ${before.toFixed(0)} to ${after.toFixed(0)} MB`,
      });
    }
  }
  return {
    name: 'memory',
    description: `how resident memory grows from a tenth of ${STEPS} MLP steps to the last, nothing disposed`,
    rows: found.map(({ title, growth, remark }) => ({ title, value: growth, unit: 'MB', remark })),
    bars: found.map(({ title, growth }) => ({
      goal: `${title}: ${LIMIT} MB`,
      unit: 'MB',
      measured: growth,
      atMost: LIMIT,
      held: growth <= LIMIT,
    })),
  };
}

async function inNewProcess({ mode, waiting, steps }: MemoryRun): Promise<MemoryGrowth> {
  const child = fileURLToPath(new URL('memory-run.js', import.meta.url));
  const args = [...process.execArgv, child, mode, waiting, String(steps)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as MemoryGrowth;
}
