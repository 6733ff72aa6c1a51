import { readFileSync } from 'node:fs';
import { gradients } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import { lenet5, originalLenet5, resnet, smallGooglenet, smallResnet } from '@downhill/convnets';
import type { Module } from '@downhill/layers';
import { compile, setBackend, tensor, type Shape, type Tensor } from '@downhill/tensor';
import { beforeAll, describe, expect, it } from 'vitest';

interface Case {
  readonly image: number[];
  readonly training: boolean;
  readonly shapes?: Record<string, number[]>;
  readonly scores: number[][];
  readonly gradients: Record<string, number>;
}

const { cases } = JSON.parse(readFileSync(new URL('golden/networks.json', import.meta.url), 'utf8')) as {
  cases: Record<string, Case>;
};

const float64 = { dtype: 'float64' } as const;

const ours: Record<string, () => Module> = {
  lenet5: () => lenet5(float64),
  originalLenet5: () => originalLenet5(float64),
  smallGooglenet: () => smallGooglenet(float64),
  'smallResnet(8)': () => smallResnet(8, { width: 4, ...float64 }),
  'smallResnet(8) in training': () => smallResnet(8, { width: 4, ...float64 }),
  'smallResnet(8), plain': () => smallResnet(8, { width: 4, shortcuts: false, ...float64 }),
  'resnet(50)': () => resnet(50, { classes: 10, ...float64 }),
  'resnet(50) strided as by torchvision': () => resnet(50, { classes: 10, stridedKernel: 3, ...float64 }),
};

function wave(phase: number, shape: Shape, offset = 0, scale = 1): Tensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = offset + scale * Math.sin(i * 1.3 + phase);
  return tensor(values, { shape });
}

/** The weights of `networks.py`: kernels and matrices keep the size of signals, scales lie around 1, the rest around 0. */
function waves(model: Module): Record<string, Tensor> {
  const state = model.state();
  const names = Object.keys(state).sort();
  return Object.fromEntries(
    names.map((name, phase) => {
      const { shape, size } = state[name];
      if (shape.length > 1) return [name, wave(phase, shape, 0, Math.sqrt((6 * shape[0]) / size))];
      return [
        name,
        /(weight|runningVariance)$/.test(name) ? wave(phase, shape, 1, 0.2) : wave(phase, shape, 0, 0.1),
      ];
    }),
  );
}

describe('networks wired by hand in PyTorch 1.13 give the same, in float64', () => {
  beforeAll(async () => {
    setBackend(await wasm());
  });

  it.each(Object.keys(cases))('%s', (name) => {
    const { image, training, shapes, scores, gradients: expected } = cases[name];
    const model = ours[name]();
    const state = model.state();
    if (shapes !== undefined) {
      const found = Object.fromEntries(Object.entries(state).map(([key, { shape }]) => [key, shape]));
      expect(found).toEqual(shapes);
    }
    model.load(waves(model));
    const names = Object.keys(expected);
    const run = compile((images: Tensor) => {
      const result = model.forward(images, { training });
      const loss = result.mul(wave(0, result.shape)).sum();
      const found = gradients(
        loss,
        names.map((key) => state[key]),
      );
      return [result, ...found.map((gradient) => gradient.mul(wave(0, gradient.shape)).sum())];
    });
    const [result, ...projections] = run(wave(0.5, [2, ...image]));
    expectNear(result.dataSync(), scores.flat());
    projections.forEach((projection, i) => {
      expectNear(projection.dataSync(), [expected[names[i]]]);
    });
    if (!name.startsWith('resnet(50)')) {
      expect(names.sort()).toEqual(
        Object.keys(state)
          .filter((key) => state[key].trainable)
          .sort(),
      );
    }
  });
});

function expectNear(got: ArrayLike<number>, expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(got[i] - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
  });
}
