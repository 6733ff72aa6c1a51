import { effect, signal } from '@preact/signals';
import { proxy, wrap, type Remote } from 'comlink';
import type { Examination } from '../../training/examination.js';
import type { TrainingOptions } from '../../training/trainer.js';
import { latestOnly } from '../../parts/latest-only.js';
import { EMPTY, examined, lengthen } from './history.js';
import type { ConvnetWorker, Insides, InsidesRequest, Report } from './worker.js';

/** Where a training stands. */
export type Phase = 'loading' | 'ready' | 'training' | 'paused' | 'finished' | 'diverged';

/** Milliseconds between two looks inside while it trains, at least. */
const LOOK_EVERY = 400;
/** A look waits for this many times as long as the one before took, so that training keeps its speed. */
const LOOK_SHARE = 10;
/** But it is taken after this many milliseconds: the first one took longer, for what it needs was compiled then. */
const LOOK_AT_LEAST_EVERY = 2000;
/** How much of the displayed speed a new measurement is. */
const SPEED_SHARE = 0.3;

/** The page's training: a worker, and what is known of it. */
export class Session {
  readonly phase = signal<Phase>('loading');
  readonly threads = signal(0);
  /** How many held-out digits there are. */
  readonly heldOut = signal(0);
  readonly steps = signal(0);
  readonly stepsPerSecond = signal(0);
  readonly history = signal(EMPTY);
  readonly examination = signal<Examination | undefined>(undefined);
  /** What the network in the worker was made from. */
  readonly options = signal<TrainingOptions | undefined>(undefined);
  /** What went wrong last. */
  readonly fault = signal<string | undefined>(undefined);
  /** What is to be seen of the insides, and what was seen last. */
  readonly request = signal<InsidesRequest | undefined>(undefined);
  readonly insides = signal<(Insides & { readonly image: Float32Array }) | undefined>(undefined);

  readonly #thread: Worker;
  readonly #worker: Remote<ConvnetWorker>;
  readonly #stopLooking: () => void;
  /** One look at a time; of those asked for meanwhile only the last is taken. */
  readonly #look = latestOnly(async (request: InsidesRequest) => {
    try {
      this.insides.value = { ...(await this.#worker.inspect(request)), image: request.image };
    } catch (error) {
      this.fault.value = messageOf(error);
    }
    this.#lookLater();
  });
  #nextLook: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#thread = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker = wrap<ConvnetWorker>(this.#thread);
    this.#stopLooking = effect(() => {
      if (this.request.value !== undefined && this.options.value !== undefined) this.#lookNow();
    });
  }

  /** Loads the digits. */
  async open(): Promise<void> {
    await this.#guarded(async () => {
      const { threads, heldOut } = await this.#worker.open(document.baseURI);
      this.threads.value = threads;
      this.heldOut.value = heldOut;
      this.phase.value = 'ready';
    });
  }

  /** A new network, untrained. */
  async build(options: TrainingOptions): Promise<boolean> {
    return this.#guarded(async () => {
      await this.#worker.build(options);
      this.#begin(options, 0);
      this.phase.value = 'ready';
    });
  }

  /** Trains on, until the end or until it is paused. */
  async train(): Promise<void> {
    this.phase.value = 'training';
    this.#lookLater();
    const trained = await this.#guarded(() =>
      this.#worker.train(
        proxy((report) => {
          this.#take(report);
        }),
      ),
    );
    const { steps = 0 } = this.options.peek() ?? {};
    if (this.phase.peek() !== 'training') return;
    if (trained && !Number.isFinite(this.history.peek().loss.at(-1) ?? 0)) this.phase.value = 'diverged';
    else this.phase.value = this.steps.peek() >= steps ? 'finished' : 'paused';
    this.#lookNow();
  }

  async pause(): Promise<void> {
    await this.#worker.pause();
  }

  async digit(index: number): Promise<{ readonly image: Float32Array; readonly label: number }> {
    return this.#worker.digit(index);
  }

  async save(optimizer: boolean): Promise<Blob> {
    return this.#worker.save({ optimizer });
  }

  /** Takes over the training of a file, and tells its options; undefined, with nothing changed, where the file is none. */
  async load(file: File): Promise<TrainingOptions | undefined> {
    let loaded: TrainingOptions | undefined;
    await this.#guarded(async () => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const { options, steps } = await this.#worker.load(bytes, file.name);
      loaded = options;
      this.#begin(options, steps);
      this.phase.value = steps >= options.steps ? 'finished' : 'paused';
    });
    return loaded;
  }

  close(): void {
    this.#stopLooking();
    clearTimeout(this.#nextLook);
    this.#thread.terminate();
  }

  #begin(options: TrainingOptions, steps: number): void {
    this.steps.value = steps;
    this.stepsPerSecond.value = 0;
    this.history.value = EMPTY;
    this.examination.value = undefined;
    this.insides.value = undefined;
    // Last: whoever sees it looks inside.
    this.options.value = { ...options };
  }

  #take({ steps, results, stepsPerSecond, examination }: Report): void {
    this.steps.value = steps;
    const history = lengthen(this.history.peek(), results, steps);
    this.history.value = examination === undefined ? history : examined(history, examination);
    if (examination !== undefined) this.examination.value = examination;
    const speed = this.stepsPerSecond.peek();
    if (results.length > 0) {
      this.stepsPerSecond.value =
        speed === 0 ? stepsPerSecond : speed + SPEED_SHARE * (stepsPerSecond - speed);
    }
  }

  /** Looks again in a while, for as long as the network changes. */
  #lookLater(): void {
    clearTimeout(this.#nextLook);
    if (this.phase.peek() !== 'training') return;
    const wait = LOOK_SHARE * (this.insides.peek()?.milliseconds ?? 0);
    this.#nextLook = setTimeout(
      () => {
        this.#lookNow();
      },
      Math.min(LOOK_AT_LEAST_EVERY, Math.max(LOOK_EVERY, wait)),
    );
  }

  #lookNow(): void {
    const request = this.request.peek();
    if (request !== undefined && this.options.peek() !== undefined) this.#look(request);
  }

  /** Whether it went well; what did not is in `fault`. */
  async #guarded(action: () => Promise<void>): Promise<boolean> {
    this.fault.value = undefined;
    try {
      await action();
      return true;
    } catch (error) {
      this.fault.value = messageOf(error);
      return false;
    }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
