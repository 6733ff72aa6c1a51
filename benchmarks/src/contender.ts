import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Reply, type Request } from './protocol.js';
import { type Task } from './task.js';

/** A library with its options, as it stands in the tables. */
export interface ContenderName {
  readonly library: string;
  readonly threads: number;
  /** PyTorch only: memory is kept rather than given back to the system after each operation. */
  readonly tunedMalloc?: boolean;
  /** What it is measured at; everything unless said. */
  readonly kinds?: readonly Task['kind'][];
}

const networks = ['training', 'inference'] as const;

/** Ours first. */
export const contenderNames: readonly ContenderName[] = [
  { library: 'downhill wasm', threads: 1 },
  { library: 'downhill wasm', threads: 2 },
  { library: 'downhill portable', threads: 1, kinds: networks },
  { library: 'tfjs cpu', threads: 1 },
  { library: 'tfjs wasm', threads: 1 },
  { library: 'tfjs wasm', threads: 2 },
  { library: 'jax-js', threads: 1 },
  { library: 'jax-js', threads: 2 },
  { library: 'convnetjs', threads: 1, kinds: networks },
  { library: 'onnxruntime-web', threads: 1, kinds: ['inference'] },
  { library: 'pytorch', threads: 1 },
  { library: 'pytorch', threads: 2 },
  { library: 'pytorch', threads: 1, tunedMalloc: true, kinds: ['chain', 'adam'] },
  { library: 'pytorch', threads: 2, tunedMalloc: true, kinds: ['chain', 'adam'] },
];

export function titleOf({ library, threads, tunedMalloc }: ContenderName): string {
  const several = ['downhill wasm', 'tfjs wasm', 'jax-js', 'pytorch'].includes(library);
  return `${library}${tunedMalloc ? ', tuned malloc' : ''}${several ? ` (${threads})` : ''}`;
}

const PYTHON = '/usr/bin/python3';
/** glibc: nothing is mapped for one array alone, and what is free is not given back. */
const TUNED_MALLOC = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: '68719476736',
  MALLOC_TOP_PAD_: '268435456',
};

/** The process a contender runs in; it starts when it is first asked something, and again after it was stopped. */
export class Contender {
  #process: ChildProcess | undefined;
  #waiting: ((reply: Reply) => void) | undefined;
  #errors = '';

  constructor(readonly name: ContenderName) {}

  get title(): string {
    return titleOf(this.name);
  }

  /** The answer, or `undefined` if it did not come in time; then the process is stopped. */
  async ask(request: Request, milliseconds: number): Promise<Reply | undefined> {
    const child = (this.#process ??= this.#start());
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.stop();
        resolve(undefined);
      }, milliseconds);
      this.#waiting = (reply) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(reply);
      };
      child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  stop(): void {
    const child = this.#process;
    this.#process = undefined;
    this.#waiting = undefined;
    child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const { library, threads } = this.name;
    const child = library === 'pytorch' ? this.#startPython() : startNode(library, threads);
    this.#errors = '';
    child.stderr?.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-2000);
    });
    child.stdin?.on('error', () => undefined); // it has ended, which is told below
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) =>
        this.#waiting?.(JSON.parse(line) as Reply),
      );
    }
    const ended = (why: string) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      this.#waiting?.({ cannot: /\w*Error: .*/.exec(this.#errors)?.[0] ?? why });
    };
    child.on('error', ({ message }) => {
      ended(message);
    });
    child.on('exit', (code, signal) => {
      ended(`its process ended (${signal ?? code})`);
    });
    return child;
  }

  #startPython(): ChildProcess {
    const { threads, tunedMalloc } = this.name;
    const env: NodeJS.ProcessEnv = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPENBLAS_'))),
      ...(tunedMalloc ? TUNED_MALLOC : {}),
      OMP_NUM_THREADS: String(threads),
    };
    const script = fileURLToPath(new URL('../src/peers/pytorch.py', import.meta.url));
    return spawn(PYTHON, [script, String(threads)], { env });
  }
}

function startNode(library: string, threads: number): ChildProcess {
  const script = fileURLToPath(new URL('serve.js', import.meta.url));
  return spawn(process.execPath, [...process.execArgv, script, library, String(threads)]);
}
