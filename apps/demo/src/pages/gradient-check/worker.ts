import { expose } from 'comlink';
import { startBackend } from '../../training/backend.js';
import { loadDigits } from '../../training/digits.js';
import {
  CheckedNetwork,
  worstKink,
  type CheckRequest,
  type CheckResult,
  type Slopes,
  type Sweep,
} from './check.js';

/** A check, and how the slope changes at the kink that does most harm. */
export interface Found extends CheckResult {
  readonly kink: (Slopes & { readonly name: string; readonly operation: string }) | undefined;
}

let network: CheckedNetwork | undefined;

const api = {
  async check(folder: string, { layers, stepSize, bugSeed }: CheckRequest): Promise<Found> {
    await startBackend();
    const { training } = await loadDigits(folder);
    network = new CheckedNetwork(layers, training, bugSeed);
    const result = await network.check(stepSize);
    const kink = worstKink(result.report);
    if (kink === undefined) return { ...result, kink: undefined };
    const { name, coordinate } = kink;
    const slopes = await network.slopes(name, coordinate.index, stepSize);
    const operation = coordinate.kink ?? '';
    return { ...result, kink: { ...slopes, name: `${name} [${coordinate.index.join(', ')}]`, operation } };
  },
  async sweep(folder: string, layers: string): Promise<Sweep> {
    await startBackend();
    const { training } = await loadDigits(folder);
    return new CheckedNetwork(layers, training).sweep();
  },
};

export type GradientCheckWorker = typeof api;

expose(api);
