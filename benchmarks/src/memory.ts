import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface MemoryRun {
  readonly backend: 'wasm' | 'portable';
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
  readonly stepsPerSecond: number;
}

/** Trains the MLP in a process of its own, disposing of nothing. */
export async function measureMemory({ backend, mode, waiting, steps }: MemoryRun): Promise<MemoryGrowth> {
  const child = fileURLToPath(new URL('memory-run.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    child,
    backend,
    mode,
    waiting,
    String(steps),
  ]);
  return JSON.parse(stdout) as MemoryGrowth;
}
