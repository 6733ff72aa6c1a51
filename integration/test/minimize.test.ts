import { wasm } from '@downhill/backend-wasm';
import { crossEntropy, Linear, Sequential, Tanh } from '@downhill/layers';
import { minimize, type MinimizeMethod } from '@downhill/optimizers';
import { generator, portable, random, setBackend, tensor, type Backend } from '@downhill/tensor';
import { afterEach, describe, expect, it } from 'vitest';

const backends: Record<string, () => Backend | Promise<Backend>> = { portable, wasm };

afterEach(() => {
  setBackend(portable());
});

/** A small network that has to tell the quadrants of the plane apart, all 60 points at once. */
function problem(dtype: 'float32' | 'float64') {
  const source = { generator: generator(5), dtype };
  const model = new Sequential([new Linear(2, 6, source), new Tanh(), new Linear(6, 2, source)]);
  const points = random.normal([60, 2], source);
  const labels = tensor(points.prod({ axis: 1 }).greater(0).cast('int32').dataSync());
  return { model, objective: () => crossEntropy(model.forward(points), labels) };
}

describe.each(Object.keys(backends))('on %s', (backend) => {
  it.each(['newton', 'bfgs', 'lbfgs', 'conjugateGradient', 'gradientDescent'] as MinimizeMethod[])(
    '%s trains a network in both dtypes, from one loss to a lower one',
    async (method) => {
      setBackend(await backends[backend]());
      for (const dtype of ['float32', 'float64'] as const) {
        const { model, objective } = problem(dtype);
        const before = objective().item();
        const options = { method, maxIterations: 60, hessianLimit: dtype === 'float32' ? 0 : 100 };
        const result = await minimize(objective, model.parameters(), options);
        expect(result.value).toBeLessThan(before / 2);
        expect(objective().item()).toBeCloseTo(result.value, dtype === 'float32' ? 6 : 12);
      }
    },
  );
});

it('the first steps are the same on both backends', async () => {
  const paths: number[][] = [];
  for (const make of Object.values(backends)) {
    setBackend(await make());
    const { model, objective } = problem('float64');
    const path: number[] = [];
    const onIteration = ({ value }: { value: number }): void => {
      path.push(value);
    };
    await minimize(objective, model.parameters(), { maxIterations: 10, onIteration });
    paths.push(path);
  }
  const [first, second] = paths;
  expect(first).toHaveLength(10);
  first.forEach((value, i) => {
    expect(second[i]).toBeCloseTo(value, 9);
  });
});
