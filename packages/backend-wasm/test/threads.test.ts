import { setTimeout as wait } from 'node:timers/promises';
import { gradients } from '@downhill/autograd';
import { wasm, type WasmBackend } from '@downhill/backend-wasm';
import {
  argsort,
  compile,
  einsum,
  generator,
  matmul,
  max,
  portable,
  random,
  relu,
  reshape,
  setBackend,
  stopGradient,
  tensor,
  transpose,
  variable,
  windows,
  type Tensor,
  type TypedArray,
} from '@downhill/tensor';
import { afterEach, describe, expect, test } from 'vitest';

const open: WasmBackend[] = [];

/** A backend that is closed after the test. */
async function start(options: Parameters<typeof wasm>[0]): Promise<WasmBackend> {
  const backend = await wasm(options);
  open.push(backend);
  setBackend(backend);
  return backend;
}

afterEach(() => {
  for (const backend of open.splice(0)) backend.close();
});

/** A convolution, a pool, a dense layer and momentum, all over sizes that divide evenly by nothing. */
function train(steps: number): TypedArray[] {
  const source = generator(3);
  const draw = (shape: number[]): Tensor => stopGradient(random.normal(shape, { generator: source }));
  const filters = variable(draw([7, 3, 3, 3]), { name: 'filters' });
  const weight = variable(draw([7 * 9 * 9, 11]).mul(0.05), { name: 'weight' });
  const velocity = variable(draw([7 * 9 * 9, 11]).mul(0), { name: 'velocity' });
  const images = draw([13, 3, 19, 19]);
  const targets = draw([13, 11]);
  images.dataSync();
  targets.dataSync();
  const step = compile((x: Tensor, y: Tensor) => {
    const seen = windows(x, { axes: [2, 3], size: 3, padding: 1 });
    const maps = einsum('ncyxij,ocij->noyx', seen, filters).tanh();
    const pooled = max(windows(maps, { axes: [2, 3], size: 3, stride: 2 }), { axis: [4, 5] });
    const output = reshape(pooled, [13, -1]).matmul(weight);
    const loss = output.sub(y).square().mean();
    const [byFilters, byWeight] = gradients(loss, [filters, weight]);
    const next = velocity.mul(0.9).sub(byWeight.mul(0.01));
    filters.assign(filters.sub(byFilters.mul(0.01)));
    weight.assign(weight.add(next));
    velocity.assign(next);
    return loss;
  });
  const losses = Array.from({ length: steps }, () => step(images, targets).item());
  expect(losses[steps - 1]).toBeLessThan(losses[0]);
  return [Float64Array.from(losses), filters.value.dataSync(), weight.value.dataSync()];
}

/**
 * Dense layers whose weights are larger than what goes through them, with products summed in blocks and sizes that divide
 * evenly by nothing; the last result lies along the weights' rows.
 */
function trainDense([images, inputs, hidden]: readonly [number, number, number]): TypedArray[] {
  const source = generator(5);
  const draw = (shape: number[]): Tensor => stopGradient(random.normal(shape, { generator: source }));
  const sizes = [inputs, hidden, hidden + 3];
  const layers = [0, 1].map((i) => {
    const shape = [sizes[i + 1], sizes[i]];
    const weight = variable(draw(shape).mul(sizes[i] ** -0.5), { name: `weight ${i}` });
    return { weight, velocity: variable(weight.value.mul(0)), bias: variable(draw([sizes[i + 1]])) };
  });
  const x = draw([images, inputs]);
  x.dataSync();
  const step = compile((x: Tensor) => {
    const output = layers.reduce((y, { weight, bias }) => relu(matmul(y, transpose(weight)).add(bias)), x);
    const loss = output.sub(1).square().mean();
    const slopes = gradients(
      loss,
      layers.flatMap(({ weight, bias }) => [weight, bias]),
    );
    layers.forEach(({ weight, velocity, bias }, i) => {
      velocity.assign(velocity.mul(0.9).add(slopes[2 * i]));
      weight.assign(weight.sub(velocity.value.mul(0.1)));
      bias.assign(bias.sub(slopes[2 * i + 1].mul(0.1)));
    });
    return [loss, output];
  });
  let results = step(x);
  for (let i = 0; i < 4; i++) results = step(x);
  return [...results, ...layers.map(({ weight }) => weight.value)].map((each) => each.dataSync());
}

describe('threads', () => {
  test.each([
    [37, 701, 133],
    [64, 784, 256],
    [5, 1100, 61],
    [300, 140, 90],
  ] as const)('divide the weights of dense layers, %i images, %i to %i', async (...sizes) => {
    setBackend(portable());
    const expected = trainDense(sizes);
    await start({ threads: 1 });
    const alone = trainDense(sizes);
    alone.forEach((values, i) => {
      let [largest, far] = [0, 0];
      expected[i].forEach((value, j) => {
        largest = Math.max(largest, Math.abs(value));
        far = Math.max(far, Math.abs(values[j] - value));
      });
      expect(far / largest).toBeLessThan(1e-5);
    });
    for (const threads of [2, 3, 5]) {
      await start({ threads });
      expect(trainDense(sizes)).toEqual(alone);
    }
  });

  test('results are the same to the bit on any number of them', async () => {
    await start({ threads: 1 });
    const alone = train(8);
    for (const threads of [2, 3, 5]) {
      const backend = await start({ threads });
      expect(backend.threads).toBe(threads);
      expect(train(8)).toEqual(alone);
    }
  });

  test('rows that are sorted are divided among them', async () => {
    const x = Float32Array.from({ length: 97 * 301 }, (_, i) => Math.fround(Math.sin(i * i)));
    const expected = Array.from({ length: 97 }, (_, row) => {
      const own = [...x.subarray(row * 301, (row + 1) * 301)];
      return own.map((_, i) => i).sort((a, b) => own[b] - own[a]);
    });
    for (const threads of [1, 2, 3]) {
      await start({ threads });
      const step = compile((rows: Tensor) => argsort(rows, { descending: true }));
      expect(step(tensor(x, { shape: [97, 301] })).toArray()).toEqual(expected);
    }
  });

  test('several threads learn what the portable backend learns', async () => {
    setBackend(portable());
    const [expected] = train(8);
    await start({ threads: 2 });
    const [losses] = train(8);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]) / expected[i], `step ${i}`).toBeLessThan(1e-5);
    });
  });

  test('after close a backend goes on with one', async () => {
    const backend = await start({ threads: 3 });
    const before = train(3);
    backend.close();
    expect(backend.threads).toBe(1);
    expect(train(3)).toEqual(before);
  });

  test('a worker that dies is an error that says so, and the backend goes on with one thread', async () => {
    const workerUrl = new URL('./dying-worker.js', import.meta.url);
    const backend = await start({ threads: 2, workerUrl });
    await wait(500);
    expect(() => train(2)).toThrow(/a worker has died: it ended with code 3\. Nothing was run.*one thread/);
    expect(backend.threads).toBe(1);
    expect(train(3)[0]).toHaveLength(3);
  });

  test('a worker that cannot start is an error with its address', async () => {
    const workerUrl = new URL('./no-such-worker.js', import.meta.url);
    await expect(wasm({ threads: 2, workerUrl })).rejects.toThrow(
      /a worker did not start.*no-such-worker\.js/,
    );
  });

  test.each([0, -1, 1.5, NaN, 65])('%d threads are refused', async (threads) => {
    await expect(wasm({ threads })).rejects.toThrow(/threads: expected a whole number from 1 to 64/);
  });

  test('a small program is not handed to workers: it would take longer', async () => {
    await start({ threads: 2 });
    const x = variable(tensor([1, 2, 3]));
    const step = compile(() => {
      x.assign(x.mul(2));
    });
    step();
    expect([...x.value.dataSync()]).toEqual([2, 4, 6]);
  });
});
