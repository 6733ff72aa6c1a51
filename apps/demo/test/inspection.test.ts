import type { Dataset } from '@downhill/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildNetwork } from '../src/network/layers.js';
import { Examiner } from '../src/training/examination.js';
import { histogram } from '../src/training/histogram.js';
import { floats, Inspector } from '../src/training/inspector.js';
import { Trainer, type TrainingOptions } from '../src/training/trainer.js';

const data: Dataset = {
  shape: [1, 4, 4],
  labels: Int32Array.from({ length: 30 }, (_, i) => i % 3),
  images: Float32Array.from({ length: 480 }, (_, i) => ((i * 7919) % 101) / 101),
};

const OPTIONS: TrainingOptions = {
  layers: 'conv 2 3, relu, linear 3',
  initializer: 'he',
  seed: 1,
  rule: 'sgd',
  learningRate: 0.1,
  schedule: 'constant',
  steps: 10,
  batchSize: 10,
};

describe('an inspected step', () => {
  it('moves parameters as any step does, and tells by how much', async () => {
    const [plain, inspected] = [new Trainer(OPTIONS, data), new Trainer(OPTIONS, data)];
    const before = await inspected.network.model.parameters()[0].value.data();
    expect(plain.step().loss).toBeCloseTo(inspected.inspectedStep().loss, 6);
    const { updateRatios, gradients } = new Trainer(OPTIONS, data).inspectedStep();
    const after = await inspected.network.model.parameters()[0].value.data();
    const norm = (values: readonly number[]) => Math.hypot(...values);
    const change = Array.from(after, (value, i) => Number(value) - Number(before[i]));
    expect(updateRatios[0]).toBeCloseTo(norm(change) / norm(Array.from(before, Number)), 5);
    // Plain descent: change = −rate · gradient.
    change.forEach((value, i) => {
      expect(value).toBeCloseTo(-0.1 * gradients[0][i], 6);
    });
    expect(updateRatios[1]).toBe(Infinity);
    expect(await plain.network.model.parameters()[2].value.data()).toEqual(
      await inspected.network.model.parameters()[2].value.data(),
    );
  });
});

describe('an examination', () => {
  it('agrees with what each example gives alone', async () => {
    const network = buildNetwork(OPTIONS.layers, data.shape, { seed: 4 });
    const { loss, accuracy, confusion, worst } = await new Examiner(network, data).examine(() =>
      Promise.resolve(),
    );
    const inspector = new Inspector(network, data.shape);
    const rows = Array.from(data.labels, (_, i) => [
      ...inspector.read(data.images.slice(16 * i, 16 * (i + 1))),
    ]);
    const losses = rows.map((row, i) => -Math.log(row[data.labels[i]]));
    const predicted = rows.map((row) => row.indexOf(Math.max(...row)));
    expect(loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 30, 5);
    expect(accuracy).toBeCloseTo(predicted.filter((k, i) => k === data.labels[i]).length / 30, 12);
    for (const label of [0, 1, 2]) {
      for (const taken of [0, 1, 2]) {
        const count = predicted.filter((k, i) => k === taken && data.labels[i] === label).length;
        expect(confusion[label][taken]).toBe(count);
      }
    }
    const wrong = predicted.flatMap((k, i) => (k === data.labels[i] ? [] : [i]));
    expect(worst.map(({ index }) => index)).toEqual(wrong.sort((a, b) => losses[b] - losses[a]).slice(0, 12));
  });
});

describe('an inspector', () => {
  it('shows every layer, and the filters as pictures', () => {
    const network = buildNetwork('conv 2 3, relu, max 2, linear 3', data.shape);
    const inspector = new Inspector(network, data.shape);
    const image = data.images.slice(0, 16);
    const layers = inspector.activations(image);
    expect(layers.map(({ shape }) => shape)).toEqual([[2, 4, 4], [2, 4, 4], [2, 2, 2], [3]]);
    expect(Math.min(...layers[1].values)).toBe(0);
    const scores = layers[3].values.map(Math.exp);
    const total = scores.reduce((a, b) => a + b);
    inspector.read(image).forEach((share, i) => {
      expect(share).toBeCloseTo(scores[i] / total, 5);
    });
    const weight = network.model.parameters()[0];
    expect(inspector.filters()).toEqual({ count: 2, height: 3, width: 3, values: floats(weight.value) });
    const flat = new Inspector(buildNetwork('dropconnect 5 0.5, linear 3', data.shape), data.shape);
    expect(flat.filters()).toMatchObject({ count: 5, height: 4, width: 4 });
  });
});

describe('a histogram', () => {
  it('counts every finite value once, in the interval it lies in', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noDefaultInfinity: true })), (values) => {
        const { centers, counts } = histogram(values, 8);
        const finite = values.filter(Number.isFinite);
        expect(counts.reduce((a, b) => a + b, 0)).toBe(finite.length);
        expect(centers.length).toBe(finite.length === 0 ? 0 : 8);
      }),
    );
    expect(histogram([0, 1, 1, 2, 4, NaN], 4)).toEqual({
      centers: [0.5, 1.5, 2.5, 3.5],
      counts: [1, 2, 1, 1],
    });
    expect(histogram([3, 3], 2).counts).toEqual([0, 2]);
  });
});
