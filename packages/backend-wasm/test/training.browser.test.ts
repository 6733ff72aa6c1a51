import { gradients } from '@downhill/autograd';
import { crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import { adam } from '@downhill/optimizers';
import type { Tensor } from '@downhill/tensor';
import { compile, generator, matmul, portable, random, setBackend, softplus, tensor } from '@downhill/tensor';
import { expect, test } from 'vitest';
import { wasm } from '../src/index.js';

test('a page trains XOR on the WebAssembly backend, with the losses of the portable one', async () => {
  const losses = [portable(), await wasm()].map((backend) => {
    setBackend(backend);
    const source = generator(0);
    const model = new Sequential([
      new Linear(2, 16, { generator: source }),
      new ReLU(),
      new Linear(16, 2, { generator: source }),
    ]);
    const optimizer = adam({ learningRate: 0.05 });
    const parameters = model.parameters();
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x, { training: true }), y);
      optimizer.step(parameters, gradients(loss, parameters));
      return loss;
    });
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const y = tensor([0, 1, 1, 0], { dtype: 'int32' });
    return Array.from({ length: 201 }, () => step(x, y).item());
  });
  expect(losses[1][200]).toBeLessThan(0.01);
  losses[1].forEach((loss, i) => {
    expect(Math.abs(loss - losses[0][i]), `step ${i}`).toBeLessThan(1e-5);
  });
});

test('a page computes products and functions as the portable backend does', async () => {
  const [expected, actual] = [portable(), await wasm()].map((backend) => {
    setBackend(backend);
    const source = generator(3);
    const a = random.normal([37, 21], { generator: source });
    const b = random.normal([21, 19], { generator: source });
    return softplus(matmul(a, b)).dataSync();
  });
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * Math.max(1, expected[i]));
  });
});
