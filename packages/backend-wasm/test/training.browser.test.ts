import { generator, matmul, portable, random, setBackend, softplus } from '@downhill/tensor';
import { expect, test } from 'vitest';
import { wasm } from '../src/index.js';
import { losses } from './xor.js';

test('a page trains XOR on the WebAssembly backend, with the losses of the portable one', async () => {
  const expected = losses(portable(), true);
  const actual = losses(await wasm(), true);
  expect(actual[200]).toBeLessThan(0.01);
  actual.forEach((loss, i) => {
    expect(Math.abs(loss - expected[i]), `step ${i}`).toBeLessThan(1e-5);
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

test('a page has no engine flags to set, and an error says so', async () => {
  await expect(wasm({ engineFlags: true })).rejects.toThrow(/leave the option out/);
});
