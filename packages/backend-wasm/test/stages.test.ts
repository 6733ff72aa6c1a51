import { gradients } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import type { Kernel, Program, Statement, Tensor } from '@downhill/tensor';
import {
  argmax,
  compile,
  einsum,
  loadsIn,
  max,
  min,
  relu,
  setBackend,
  sqrt,
  sum,
  variable,
  windows,
} from '@downhill/tensor';
import { afterAll, describe, expect, test } from 'vitest';
import { inStages } from '../src/stages.js';
import { storesIn } from '../src/statements.js';
import { backends, drawFrom } from './agreement.js';

const all = await Promise.all([1, 2, 3].map((threads) => wasm({ threads })));

afterAll(() => {
  for (const backend of all) backend.close();
  setBackend(backends.portable);
});

const draw = drawFrom(20261128);

/** Whether a reduction in a kernel loads what a loop beside it stores. */
function loadsWhatItStores({ body }: Pick<Kernel, 'body'>): boolean {
  const inside = (statements: readonly Statement[]): Statement[] =>
    statements.flatMap((each) => [each, ...(each.kind === 'loop' ? inside(each.body) : [])]);
  const stored = new Set(storesIn(body).map(({ buffer }) => buffer));
  return inside(body).some(
    (each) => each.kind === 'reduce' && loadsIn([each.value]).some(({ buffer }) => stored.has(buffer)),
  );
}

/** How many kernels more there are for large reductions. */
function added(program: Program): number {
  return inStages(program).origins.length - program.kernels.length;
}

/** On one, two and three threads the same bits; returns them. */
function sameOnAll(compute: () => ArrayLike<number>): ArrayLike<number> {
  const [alone, ...others] = all.map((backend) => {
    setBackend(backend);
    return compute();
  });
  for (const each of others) expect(each).toEqual(alone);
  return alone;
}

describe('large reductions', () => {
  test.each([
    [[64, 6, 28, 28], 16],
    [[10, 3, 3000], 10],
    [[7, 5, 2000], 7],
    [[48, 1, 3001], 16],
  ] as const)('over all but the channels of %j are done in %d parts', (shape, parts) => {
    const [images, channels] = shape;
    const x = draw(shape);
    const values = x.dataSync() as Float32Array;
    const size = values.length / images / channels;
    const over = { axis: shape.map((_, i) => i).filter((i) => i !== 1) };
    // By hand, in double precision.
    const sums = new Array<number>(channels).fill(0);
    const sizes = new Array<number>(channels).fill(0);
    const [most, least] = [sums.map(() => -Infinity), sums.map(() => Infinity)];
    values.forEach((value, i) => {
      const channel = Math.floor(i / size) % channels;
      sums[channel] += value;
      sizes[channel] += Math.abs(value);
      most[channel] = Math.max(most[channel], value);
      least[channel] = Math.min(least[channel], value);
    });
    const step = compile((x: Tensor) => [sum(x, over), max(x, over), min(x, over)]);
    const { program } = inStages(step.program(x));
    const intermediates = program.buffers.filter(({ role, length }) => role === 'intermediate' && length > 0);
    expect(intermediates.map(({ length }) => length)).toEqual([1, 2, 3].map(() => parts * channels));
    for (const [which, expected] of [sums, most, least].entries()) {
      const got = sameOnAll(() => step(x)[which].dataSync());
      expected.forEach((value, channel) => {
        const tolerance = which === 0 ? 1e-6 * sizes[channel] : 0;
        expect(Math.abs(got[channel] - value)).toBeLessThanOrEqual(tolerance);
      });
    }
  });

  test('of everything there is, and of products of a few with many', () => {
    const [a, b] = [draw([40, 3, 50, 50]), draw([40, 4, 50, 50])];
    const step = compile((a: Tensor, b: Tensor) => [sum(a.mul(a)), einsum('ncyx,noyx->co', a, b)]);
    expect(added(step.program(a, b))).toBe(2);
    const [left, right] = [a.dataSync(), b.dataSync()];
    const products = new Array<number>(12).fill(0);
    for (let n = 0; n < 40; n++)
      for (let c = 0; c < 3; c++)
        for (let o = 0; o < 4; o++)
          for (let i = 0; i < 2500; i++)
            products[c * 4 + o] += left[(n * 3 + c) * 2500 + i] * right[(n * 4 + o) * 2500 + i];
    let squares = 0;
    for (const value of left) squares += value * value;
    expect(Math.abs(sameOnAll(() => step(a, b)[0].dataSync())[0] / squares - 1)).toBeLessThan(1e-6);
    const got = sameOnAll(() => step(a, b)[1].dataSync());
    products.forEach((value, i) => {
      expect(Math.abs(got[i] - value)).toBeLessThan(1e-6 * squares);
    });
  });

  test('that need what stands before them, or a place, stay whole, as short ones do', () => {
    const x = draw([64, 2, 2000]);
    const scale = draw([2]).abs();
    const scaled = compile((x: Tensor, scale: Tensor) =>
      sum(x.mul(sqrt(scale).reshape([2, 1])), { axis: [0, 2] }),
    );
    const places = compile((x: Tensor) => argmax(x));
    const short = compile((x: Tensor) => sum(x.slice([0, 3])));
    expect([scaled.program(x, scale), places.program(x), short.program(x)].map(added)).toEqual([0, 0, 0]);
    const values = x.dataSync() as Float32Array;
    const largest = values.reduce((most, value, i) => (value > values[most] ? i : most), 0);
    expect(sameOnAll(() => places(x).dataSync())[0]).toBe(largest);
    const sums = [0, 0];
    values.forEach((value, i) => (sums[Math.floor(i / 2000) % 2] += value));
    const got = sameOnAll(() => scaled(x, scale).dataSync());
    sums.forEach((value, i) => {
      expect(Math.abs(got[i] - value * Math.sqrt(scale.dataSync()[i]))).toBeLessThan(0.02);
    });
  });

  test.each([
    [32, 64, 8, 8],
    [8, 16, 32, 32],
  ])(
    'stay whole where the same kernel stores what they load: the mean of active pictures of %d x %d x %d x %d',
    (...shape) => {
      const [images, channels, height, width] = shape;
      const size = height * width;
      const step = compile((x: Tensor) => {
        const active = relu(x);
        return [active, active.mean({ axis: [2, 3] })];
      });
      // What the last run has left would be right for the same pictures.
      for (const x of [draw(shape), draw(shape)]) {
        expect(step.program(x).kernels.some(loadsWhatItStores)).toBe(true);
        const values = x.dataSync() as Float32Array;
        const means = sameOnAll(() => step(x)[1].dataSync());
        for (let place = 0; place < images * channels; place++) {
          let total = 0;
          for (const value of values.subarray(size * place, size * (place + 1))) total += Math.max(value, 0);
          expect(means[place]).toBeCloseTo(total / size, 5);
        }
      }
    },
  );

  test('are one kernel to who asks how long each takes', () => {
    const x = draw([64, 6, 28, 28]);
    const step = compile((x: Tensor) => sum(x, { axis: [0, 2, 3] }).add(1));
    for (const backend of all) {
      setBackend(backend);
      const lines = step.profile(x).split('\n');
      expect(lines.filter((line) => /^\d+ .* sum/.test(line))).toHaveLength(1);
    }
  });
});

test('programs may wait before they are compiled, while others are lowered', () => {
  const source = all[0];
  const [x, weights] = [draw([8, 16, 18, 18]), draw([16, 16, 3, 3])];
  const steps = [2, 3].map((more) =>
    compile((a: Tensor, b: Tensor) =>
      einsum('ncyxuv,ocuv->noyx', windows(a, { axes: [2, 3], size: 3 }), b).add(more),
    ),
  );
  setBackend(source);
  const expected = steps.map((step) => step(x, weights).dataSync());
  const programs = steps.map((step) => step.program(x, weights));
  programs.forEach((program, i) => {
    const inputs = [x.dataSync(), weights.dataSync()];
    const { outputs } = source.compile(program).run({ inputs, scalars: [], residents: [] });
    expect(outputs[0]).toEqual(expected[i]);
  });
});

test('the gradient of a pooling goes to the first of the largest', () => {
  const pictures = [24, 5, 30, 44] as const;
  const x = variable(draw(pictures));
  const step = compile(() => {
    const pooled = max(windows(x.value.mul(1), { axes: [2, 3], size: 2, stride: 2 }), { axis: [4, 5] });
    return gradients(sum(pooled.mul(pooled)), [x])[0];
  });
  const values = x.value.dataSync() as Float32Array;
  const expected = new Float32Array(values.length);
  const width = pictures[3];
  for (let top = 0; top < values.length; top += 2 * width) {
    for (let left = 0; left < width; left += 2) {
      const places = [0, 1, width, width + 1].map((place) => top + left + place);
      const best = places.reduce((most, place) => (values[place] > values[most] ? place : most));
      expected[best] = 2 * values[best];
    }
  }
  expect(sameOnAll(() => step().dataSync())).toEqual(expected);
});
