import type Os from 'node:os';
import type WorkerThreads from 'node:worker_threads';
import { BackendError } from '@downhill/tensor';
import { CONTROL, controlBytes, KEPT_PROGRAMS } from './control.js';
import type { Memory } from './memory.js';
import { nodeModule } from './node-module.js';
import type { WorkerStart } from './worker.js';

/** How many threads there are where nothing is said, at most: more gain little on what one memory can feed. */
const USUAL_MOST = 8;

/** The cores of this machine. */
export async function countCores(): Promise<number> {
  const known = (globalThis as { navigator?: Navigator }).navigator?.hardwareConcurrency;
  if (known !== undefined) return Math.min(known, USUAL_MOST);
  const { availableParallelism } = await nodeModule<typeof Os>('node:os');
  return Math.min(availableParallelism(), USUAL_MOST);
}

/** Whether this thread may wait for others in shared memory: a page's main thread may not. */
export function canShare(): boolean {
  const isPage = typeof window === 'object';
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true;
  return !isPage && isolated && typeof SharedArrayBuffer === 'function';
}

/** A worker of either kind, as far as it is used here. */
interface Helper {
  readonly end: () => void;
}

/** The workers of a backend, which run each program together with the thread that begins it. */
export class Threads {
  readonly count: number;
  /** The address of the control words. */
  readonly control: number;
  readonly #memory: Memory;
  readonly #helpers: Helper[] = [];
  /** Programs the workers know, the one used longest ago first. */
  readonly #known = new Set<number>();
  #fault: string | undefined;
  #closed = false;

  private constructor(memory: Memory, count: number) {
    this.count = count;
    this.#memory = memory;
    this.control = memory.allocate(controlBytes(count));
  }

  /** Resolves when all workers are ready to run. */
  static async start(memory: Memory, count: number, url: URL): Promise<Threads> {
    const threads = new Threads(memory, count);
    const starting = Array.from({ length: count - 1 }, (_, i) =>
      threads.#startWorker(url, {
        memory: memory.memory,
        control: threads.control,
        words: CONTROL,
        thread: i + 1,
        kept: KEPT_PROGRAMS,
      }),
    );
    try {
      threads.#helpers.push(...(await Promise.all(starting)));
    } catch (error) {
      threads.close();
      throw new BackendError(`wasm: a worker did not start from ${url.href}: ${String(error)}`);
    }
    return threads;
  }

  async #startWorker(url: URL, start: WorkerStart): Promise<Helper> {
    const fail = (reason: string): void => {
      if (!this.#closed) this.#fault ??= reason;
    };
    if (typeof process === 'object') {
      const { Worker: NodeWorker } = await nodeModule<typeof WorkerThreads>('node:worker_threads');
      const worker = new NodeWorker(url);
      await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.postMessage(start);
      });
      worker.on('error', (error) => {
        fail(String(error));
      });
      worker.on('exit', (code) => {
        fail(`it ended with code ${code}`);
      });
      // A script whose work is done ends, whether workers wait or not.
      worker.unref();

      return { end: () => void worker.terminate() };
    }
    const worker = new Worker(url, { type: 'module' });
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => {
        reject(new Error(event.message));
      };
      worker.postMessage(start);
    });
    worker.onerror = ({ message }) => {
      fail(message);
    };
    return {
      end: () => {
        worker.terminate();
      },
    };
  }

  /** Why the workers cannot be used any more, if so; said once. */
  takeFault(): string | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) this.close();
    return fault;
  }

  get isUsable(): boolean {
    return !this.#closed;
  }

  /** Runs a program on all threads: the workers are told, `run` is this thread's part, and all are done when it returns. */
  run(program: number, module: Uint8Array, table: number, run: () => void): void {
    const first = this.control / 4;
    const isKnown = this.#known.delete(program);
    this.#known.add(program);
    const [oldest] = this.#known;
    if (this.#known.size > KEPT_PROGRAMS) this.#known.delete(oldest);
    const copy = isKnown ? 0 : this.#memory.allocate(module.length);
    const words = new Int32Array(this.#memory.memory.buffer);
    if (!isKnown) new Uint8Array(this.#memory.memory.buffer).set(module, copy);
    words.set([program, copy, module.length, table], first + CONTROL.program);
    this.#begin(words);
    try {
      run();
    } catch (error) {
      this.#fault ??= String(error);
      throw new BackendError(
        `wasm: ${this.takeFault()} while several threads ran a program: a worker has died or does not answer. Variables ` +
          'that the program assigns may have changed; the backend goes on with one thread',
      );
    }
    if (!isKnown) this.#memory.free(copy, module.length);
  }

  #begin(words: Int32Array): void {
    const place = this.control / 4 + CONTROL.runs;
    Atomics.add(words, place, 1);
    if (Atomics.load(words, this.control / 4 + CONTROL.resting) > 0) Atomics.notify(words, place);
  }

  /** Ends the workers. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const words = new Int32Array(this.#memory.memory.buffer);
    Atomics.store(words, this.control / 4 + CONTROL.closed, 1);
    this.#begin(words);
    for (const { end } of this.#helpers) end();
  }
}
