import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wasm } from '@downhill/backend-wasm';
import { median } from './median.js';

const run = promisify(execFile);

/** What the machine can do at most, now: it is shared, and everything is read beside this. */
export interface Machine {
  /** How it was measured; where there is no C compiler, WebAssembly tells a little less. */
  readonly by: 'C' | 'WebAssembly';
  /**
   * Of one core in 128-bit vectors, a multiply-add counting two, a second: the best of the rounds, as long as ours. Fused where
   * both the processor and this engine's WebAssembly can; otherwise a multiplication and an addition.
   */
  readonly flops: number;
  /** The same in the round in the middle. */
  readonly medianFlops: number;
  /** Of two threads together, in all the time it took: what neighbours take is missing. */
  readonly flopsOfTwo?: number;
  /** Bytes read plus written a second by copying 256 MB, with 1 and 2 threads. */
  readonly copy?: readonly number[];
  /** Bytes a second by reading 256 MB, with 1 and 2 threads. */
  readonly read?: readonly number[];
}

/** Measures arithmetic for one round, and memory too if that is asked for. */
export async function measureMachine(ceiling: 'flops' | 'bytes'): Promise<Machine> {
  program ??= compile();
  const path = await program;
  if (path === undefined) {
    const { flops, bytes } = (await wasm({ threads: 1 })).ceilings?.() ?? { flops: NaN, bytes: NaN };
    return { by: 'WebAssembly', flops, medianFlops: flops, copy: ceiling === 'bytes' ? [bytes] : undefined };
  }
  const { stdout } = await run(path, ceiling === 'bytes' ? ['memory'] : []);
  const [flops, flopsOfTwo, ...bytes] = JSON.parse(stdout) as number[];
  const arithmetic = { by: 'C', flops, medianFlops: flops, flopsOfTwo } as const;
  return ceiling === 'flops' ? arithmetic : { ...arithmetic, copy: bytes.slice(0, 2), read: bytes.slice(2) };
}

/** What was measured in several rounds; memory in the first. */
export function overRounds(rounds: readonly Machine[]): Machine {
  const flops = rounds.map((round) => round.flops);
  const flopsOfTwo = rounds.flatMap((round) => round.flopsOfTwo ?? []);
  return {
    ...rounds[0],
    flops: Math.max(...flops),
    medianFlops: median(flops),
    flopsOfTwo: flopsOfTwo.length === 0 ? undefined : Math.max(...flopsOfTwo),
  };
}

/** The peak absolute goals are for. */
const FULL_PEAK = 55e9;

/** Where the machine's peak is lower than that, absolute goals are lower by as much: the part that is left. */
export function partOfFullPeak({ medianFlops }: Machine): number {
  return Math.min(1, medianFlops / FULL_PEAK);
}

let program: Promise<string | undefined> | undefined;
let folder: string | undefined;

/** The path of the compiled program, or nothing where there is no C compiler. */
async function compile(): Promise<string | undefined> {
  folder = await mkdtemp(join(tmpdir(), 'downhill-benchmarks-'));
  const path = join(folder, 'machine');
  const source = fileURLToPath(new URL('../src/machine.c', import.meta.url));
  try {
    const contraction = (await wasm({ threads: 1 })).relaxed ? 'fast' : 'off';
    await run('cc', ['-O3', `-ffp-contract=${contraction}`, '-pthread', '-o', path, source]);
    return path;
  } catch {
    return undefined;
  }
}

/** Takes away what was compiled. */
export async function forgetProgram(): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
