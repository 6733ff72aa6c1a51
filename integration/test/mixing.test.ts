import { gradients } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import { Conv2d } from '@downhill/convnets';
import { crossEntropy, Flatten, Linear, ReLU, Sequential } from '@downhill/layers';
import { momentum } from '@downhill/optimizers';
import { cutmix, mixup } from '@downhill/regularization';
import { compile, generator, oneHot, portable, random, setBackend, tensor } from '@downhill/tensor';
import type { Backend, Tensor } from '@downhill/tensor';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(() => {
  setBackend(portable());
});

const [EXAMPLES, SIDE, CLASSES] = [24, 8, 3];

/** Trains a small convolutional network on images whose brightest third tells the class; returns the losses. */
function train(backend: Backend, mix: typeof mixup | typeof cutmix, steps: number): number[] {
  setBackend(backend);
  const source = generator(11);
  const model = new Sequential([
    new Conv2d(1, 4, { kernelSize: 3, padding: 1, generator: source }),
    new ReLU(),
    new Flatten(),
    new Linear(4 * SIDE * SIDE, CLASSES, { generator: source }),
  ]);
  const labels = tensor(Int32Array.from({ length: EXAMPLES }, (_, i) => i % CLASSES));
  const noise = random.normal([EXAMPLES, 1, SIDE, SIDE], { generator: source }).mul(0.3);
  const images = noise.add(
    oneHot(labels, CLASSES)
      .matmul(random.normal([CLASSES, SIDE * SIDE], { generator: source }))
      .reshape([EXAMPLES, 1, SIDE, SIDE]),
  );
  const [x, y] = [tensor(images.dataSync(), { shape: images.shape }), labels];
  const parameters = model.parameters();
  const optimizer = momentum({ learningRate: 0.02 });
  const step = compile((batch: Tensor, truth: Tensor) => {
    const mixed = mix(batch, oneHot(truth, CLASSES), { alpha: 1, generator: source });
    const loss = crossEntropy(model.forward(mixed.inputs, { training: true }), mixed.targets);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  });
  return Array.from({ length: steps }, () => step(x, y).item());
}

describe.each([
  ['mixup', mixup],
  ['cutmix', cutmix],
] as const)('%s in a compiled training step', (_, mix) => {
  it('mixes the same examples on wasm as on the portable backend, and learns', async () => {
    const expected = train(portable(), mix, 30);
    const backend = await wasm();
    const losses = train(backend, mix, 30);
    backend.close();
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected[i] - 1), `step ${i}`).toBeLessThan(1e-3);
    });
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value) / values.length;
    expect(mean(losses.slice(-5))).toBeLessThan(0.8 * mean(losses.slice(0, 5)));
  });
});
