import { expose } from 'comlink';
import { startBackend } from '../../training/backend.js';
import { loadDigits } from '../../training/digits.js';
import { loop } from '../../training/loop.js';
import { DeepNetwork, type LayerView, type Start } from './deep-network.js';
import { DeepTraining } from './deep-training.js';

/** The losses of the steps since the last report, without batch normalization and with it. */
export interface Report {
  readonly plain: readonly number[];
  readonly normalized: readonly number[];
}

let network: DeepNetwork | undefined;
let running = new AbortController();

const api = {
  async view(start: Start): Promise<LayerView[]> {
    await startBackend();
    network ??= new DeepNetwork();
    return network.view(start);
  },
  /** Trains two networks from one start on the same batches, by turns. */
  async train(
    folder: string,
    start: Omit<Start, 'normalized'>,
    steps: number,
    report: (report: Report) => void,
  ): Promise<void> {
    running.abort();
    const mine = (running = new AbortController());
    await startBackend();
    const { training } = await loadDigits(folder);
    const plain = new DeepTraining({ ...start, normalized: false }, training);
    const normalized = new DeepTraining({ ...start, normalized: true }, training);
    let losses: { plain: number[]; normalized: number[] } = { plain: [], normalized: [] };
    let taken = 0;
    await loop(
      () => {
        losses.plain.push(plain.step());
        losses.normalized.push(normalized.step());
        return ++taken < steps;
      },
      () => {
        report(losses);
        losses = { plain: [], normalized: [] };
      },
      mine.signal,
    );
  },
  stop(): void {
    running.abort();
  },
};

export type InitializationWorker = typeof api;

expose(api);
