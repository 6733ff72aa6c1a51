import type { Dataset } from '@downhill/data';
import { decodeSafetensors, encodeSafetensors } from '@downhill/formats';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../src/training/checkpoint.js';
import { Trainer, type TrainingOptions } from '../src/training/trainer.js';

/** 40 small pictures whose brighter half tells their class. */
const data: Dataset = {
  shape: [1, 4, 4],
  labels: Int32Array.from({ length: 40 }, (_, i) => i % 2),
  images: Float32Array.from({ length: 640 }, (_, i) =>
    i % 16 < 8 === (i >> 4) % 2 < 1 ? 1 : 0.01 * (i % 7),
  ),
};

const OPTIONS: TrainingOptions = {
  layers: 'conv 2 3, norm, relu, dropout 0.5, dropconnect 6 0.3, linear 2',
  initializer: 'he',
  seed: 3,
  rule: 'adam',
  learningRate: 0.01,
  schedule: 'cosine',
  steps: 50,
  batchSize: 7,
};

const losses = (trainer: Trainer, count: number): number[] =>
  Array.from({ length: count }, () => trainer.step().loss);

async function saved(trainer: Trainer, optimizer?: boolean): Promise<Uint8Array> {
  return new Uint8Array(await (await saveCheckpoint(trainer, { optimizer })).arrayBuffer());
}

describe('a saved training', () => {
  it('goes on exactly as if it had never stopped: batches, masks, rate and the rule’s state', async () => {
    const whole = losses(new Trainer(OPTIONS, data), 18);
    const first = new Trainer(OPTIONS, data);
    losses(first, 9);
    const second = loadCheckpoint(await saved(first), 'file', data);
    expect(second.steps).toBe(9);
    expect(losses(second, 9)).toEqual(whole.slice(9));
  });

  it('without the optimizer’s state begins anew from its weights', async () => {
    const first = new Trainer(OPTIONS, data);
    losses(first, 9);
    const bytes = await saved(first, false);
    expect(Object.keys(decodeSafetensors(bytes).tensors).sort()).toEqual(
      Object.keys(first.network.model.state()).sort(),
    );
    const second = loadCheckpoint(bytes, 'file', data);
    expect(second.steps).toBe(0);
    expect(second.evaluate(data)).toEqual(first.evaluate(data));
  });

  it('tells files of another kind, broken ones, and ones that do not fit', async () => {
    const load = (bytes: Uint8Array) => () => loadCheckpoint(bytes, 'file', data);
    const bytes = await saved(new Trainer(OPTIONS, data));
    expect(load(new TextEncoder().encode('not a safetensors file'))).toThrow(
      /file: .*not a safetensors file, or one cut short/,
    );
    expect(load(bytes.slice(0, -1))).toThrow(/reach beyond/);
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect(load(await encodeSafetensors(tensors))).toThrow(/expected a file that this page saved/);
    const other = { ...metadata, training: JSON.stringify({ ...OPTIONS, layers: 'linear 2' }) };
    expect(load(await encodeSafetensors(tensors, { metadata: other }))).toThrow(/does not fit the module/);
    const strange = { ...metadata, training: JSON.stringify({ ...OPTIONS, rule: 'downhill' }) };
    expect(load(await encodeSafetensors(tensors, { metadata: strange }))).toThrow(
      /rule cannot be "downhill"/,
    );
  });
});
