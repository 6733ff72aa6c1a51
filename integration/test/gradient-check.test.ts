import { wasm } from '@downhill/backend-wasm';
import { checkGradients } from '@downhill/gradient-check';
import { crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import {
  generator,
  portable,
  random,
  setBackend,
  tensor,
  variable,
  type Backend,
  type Tensor,
} from '@downhill/tensor';
import { afterEach, expect, it } from 'vitest';

const backends: Record<string, () => Backend | Promise<Backend>> = { portable, wasm };

afterEach(() => {
  setBackend(portable());
});

it.each(Object.keys(backends))('on %s a network with dropout has the right gradients', async (backend) => {
  setBackend(await backends[backend]());
  const source = { generator: generator(11) };
  const drop = (x: Tensor): Tensor => x.mul(random.bernoulli(x.shape, source).cast('float32').mul(2));
  const [first, last] = [new Linear(5, 12, source), new Linear(12, 3, source)];
  const rest = new Sequential([new ReLU(), last]);
  const x = variable(tensor(random.normal([8, 5], source).dataSync(), { shape: [8, 5] }));
  const labels = tensor([0, 1, 2, 0, 1, 2, 0, 1], { dtype: 'int32' });
  const report = await checkGradients(() => crossEntropy(rest.forward(drop(first.forward(x))), labels), {
    hidden: first.weight,
    output: last.weight,
    x,
  });
  expect(report.passed).toBe(true);
  expect(report.parameters.map(({ name }) => name)).toEqual(['hidden', 'output', 'x']);
  for (const { worst } of report.parameters) expect(worst?.error).toBeLessThan(1e-7);
});
