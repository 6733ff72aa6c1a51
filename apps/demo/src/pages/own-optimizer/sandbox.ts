import type { Ending, Trajectory } from '../../race/trajectory.js';
import type { Job, RaceJob, TrainingJob } from './jobs.js';

/**
 * The document that typed code runs below. It may run scripts it is given and WebAssembly; it may load nothing, connect to
 * nothing, and its origin is nobody's. All it does is to start the worker.
 */
const FRAME = `<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src blob: 'unsafe-inline' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'none'">
<script>
addEventListener('message', ({ data, ports }) => {
  const worker = new Worker(URL.createObjectURL(new Blob([data], { type: 'text/javascript' })));
  worker.postMessage(undefined, [ports[0]]);
}, { once: true });
</script>`;

/** Milliseconds without an answer after which typed code counts as caught in a loop. */
const PATIENCE = 5000;
/** The same for the packages to be compiled, before any typed code runs. */
const STARTING = 30_000;

/** What went wrong in typed code, and where in its JavaScript, if that is known: counted from 1. */
export class SandboxError extends Error {
  readonly place: readonly [line: number, column: number] | undefined;

  constructor(message: string, place?: readonly [number, number]) {
    super(message);
    this.place = place;
  }
}

/** Lets a typed rule race. Throws a SandboxError, also where `signal` stops it. */
export async function raceTyped(job: RaceJob, signal: AbortSignal): Promise<Trajectory> {
  let trajectory: Trajectory | undefined;
  await run(job, [], signal, (answer) => {
    trajectory = readTrajectory(answer, job.course.steps);
    return true;
  });
  if (trajectory === undefined) throw new SandboxError('the race has no result');
  return trajectory;
}

/** Lets a typed rule train; `onLosses` gets the losses of the steps as they come. Throws as {@link raceTyped} does. */
export async function trainTyped(
  job: TrainingJob,
  signal: AbortSignal,
  onLosses: (losses: readonly number[]) => void,
): Promise<void> {
  const { images, labels } = job.examples;
  await run(job, [images.buffer, labels.buffer], signal, (answer) => {
    if (answer.kind === 'trained') return true;
    if (answer.kind !== 'losses' || !isNumbers(answer.losses) || answer.losses.length > job.options.steps) {
      throw new SandboxError('the training answered something that is no loss');
    }
    onLosses(answer.losses);
    return false;
  });
}

type Answer = Readonly<Record<string, unknown>>;

/** One sandbox for one job: when it is over, whichever way, its frame is removed, and with it all that runs there. */
async function run(
  job: Job,
  transfer: ArrayBuffer[],
  signal: AbortSignal,
  /** Returns whether the job is done; what it throws ends the job. */
  onAnswer: (answer: Answer) => boolean,
): Promise<void> {
  const { default: script } = await import('virtual:sandbox-worker');
  signal.throwIfAborted();
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.hidden = true;
  frame.title = 'Where typed code runs';
  frame.srcdoc = FRAME;
  const { port1: port, port2 } = new MessageChannel();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const wait = (patience: number, message: string): void => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          reject(new SandboxError(message));
        }, patience);
      };
      signal.addEventListener('abort', () => {
        reject(new SandboxError('stopped'));
      });
      port.onmessage = ({ data }: MessageEvent<unknown>) => {
        try {
          const answer = readAnswer(data);
          wait(
            PATIENCE,
            `no answer for ${PATIENCE / 1000} seconds: stopped. Is there a loop that does not end?`,
          );
          if (answer.kind === 'ready') port.postMessage(job, transfer);
          else if (onAnswer(answer)) resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new SandboxError(String(error)));
        }
      };
      frame.onload = () => {
        frame.contentWindow?.postMessage(script, '*', [port2]);
      };
      wait(STARTING, 'the sandbox does not start in this browser');
      document.body.append(frame);
    });
  } finally {
    clearTimeout(timer);
    port.close();
    frame.remove();
  }
}

/** Typed code may answer anything; nothing is believed that was not looked at. */
function readAnswer(data: unknown): Answer {
  if (typeof data !== 'object' || data === null) throw new SandboxError('the sandbox answered nonsense');
  const answer = data as Answer;
  if (answer.kind !== 'fault') return answer;
  const { message, place } = answer;
  const known = Array.isArray(place) && place.length === 2 && place.every(Number.isSafeInteger);
  throw new SandboxError(
    typeof message === 'string' ? message.slice(0, 2000) : 'an error without a message',
    known ? (place as [number, number]) : undefined,
  );
}

const ENDINGS: readonly unknown[] = ['steps', 'diverged'] satisfies Ending[];

function readTrajectory({ kind, x, y, loss, ending }: Answer, steps: number): Trajectory {
  const fits = (values: unknown): values is Float64Array =>
    values instanceof Float64Array && values.length >= 1 && values.length <= steps + 1;
  if (kind === 'trajectory' && fits(x) && fits(y) && fits(loss) && ENDINGS.includes(ending)) {
    if (x.length === y.length && x.length === loss.length) return { x, y, loss, ending: ending as Ending };
  }
  throw new SandboxError('the race answered something that is no trajectory');
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}
