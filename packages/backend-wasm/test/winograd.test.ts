import { wasm } from '@downhill/backend-wasm';
import type { Backend, Program, Tensor } from '@downhill/tensor';
import {
  accessesIn,
  compile,
  einsum,
  expand,
  flip,
  kernelCosts,
  relu,
  setBackend,
  slice,
  tensor,
  variable,
  windows,
  zeros,
} from '@downhill/tensor';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { inStages } from '../src/stages.js';
import { backends, between, drawFrom, elementsOn, oneOf, type Choose } from './agreement.js';
import { adjoints, convolve } from './convolution.js';

const all = await Promise.all([1, 2, 3, 5].map((threads) => wasm({ threads })));

afterAll(() => {
  for (const backend of all) backend.close();
  setBackend(backends.portable);
});

const draw = drawFrom(2);

/** Which kernels of a program are brought into Winograd's form: they alone have memory for each thread. */
function formed(program: Program): number[] {
  const { program: staged, origins } = inStages(program);
  const found = origins.filter((_, kernel) =>
    accessesIn(staged.kernels[kernel].body).some(({ buffer }) => staged.buffers[buffer].role === 'scratch'),
  );
  return [...new Set(found)];
}

/** Whole numbers from -3 to 3: whatever is summed, halves and quarters of them included, is exact. */
function wholes(choose: Choose, shape: readonly number[]): Tensor {
  let state = choose(fc.nat) | 1;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * 7) - 3;
  });
  return tensor(values, { shape: [...shape] });
}

/** 0 and -0 are the same here. */
function numbersOn(backend: Backend, x: Tensor): number[] {
  return Array.from(elementsOn(backend, x), (value) => value + 0);
}

describe('passes of convolutions with windows of 3 x 3', () => {
  test('give whole numbers exactly, on any number of threads', () => {
    let formedOnes = 0;
    fc.assert(
      fc.property(fc.gen(), (choose) => {
        const padding = [between(choose, 0, 2), between(choose, 0, 2)];
        const [examples, channels, rows] = [
          oneOf(choose, 1, 2, 3, 8, 10),
          between(choose, 15, 20),
          between(choose, 15, 25),
        ];
        const extents = padding.map(
          (width, i) => oneOf(choose, 8, 8, 9, 12, 14, 16, 22) + 8 * i + 2 - 2 * width,
        );
        const x = wholes(choose, [examples, channels, ...extents]);
        const weights = wholes(choose, [rows, channels, 3, 3]);
        const bias = wholes(choose, [rows, 1, 1]);
        const geometry = { size: [3, 3], padding };
        const y = convolve(x, weights, geometry);
        const g = wholes(choose, y.shape);
        for (const pass of [relu(y.add(bias)), ...adjoints(x, weights, g, geometry)]) {
          const [expected, ...got] = [backends.portable, ...all].map((backend) => numbersOn(backend, pass));
          for (const each of got) expect(each).toEqual(expected);
        }
        const [a, b, c] = [x, weights, g].map((value) => variable(value));
        const step = compile(() => [
          relu(convolve(a.value, b.value, geometry).add(bias)),
          ...adjoints(a.value, b.value, c.value, geometry),
        ]);
        formedOnes += formed(step.program()).length;
      }),
      { numRuns: 40, seed: 20261130 },
    );
    // Shapes are such that many gain and many do not.
    expect(formedOnes).toBeGreaterThan(20);
    expect(formedOnes).toBeLessThan(100);
  });

  test('whichever factor comes first, and with weights turned round', () => {
    const [x, weights] = [variable(draw([8, 16, 10, 18])), variable(draw([17, 16, 3, 3]))];
    const views = (): Tensor => windows(x.value, { axes: [2, 3], size: 3 });
    const ways = [
      () => einsum('ncyxuv,ocuv->noyx', views(), weights.value),
      () => einsum('ocuv,ncyxuv->noyx', weights.value, views()),
      () => einsum('ncyxuv,ocuv->noyx', views(), flip(flip(weights.value, 2), 3)),
    ];
    for (const way of ways) {
      const expected = numbersOn(backends.portable, way());
      const most = Math.max(...expected.map(Math.abs));
      numbersOn(all[1], way()).forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-6 * most);
      });
    }
    expect(ways.map((way) => formed(compile(way).program()).length)).toEqual([1, 1, 1]);
  });

  test.each([
    ['nclij,ocij->nol', [8, 16, 36]],
    // As many axes as an image has.
    ['ncdlij,ocij->nodl', [8, 16, 5, 36]],
  ])('are not found where windows of windows run along one axis: %s', (formula, shape) => {
    const [x, weights] = [shape, [16, 16, 3, 3]].map((each) => variable(draw(each)));
    const along = { axes: [shape.length - 1], size: 3 };
    const step = (): Tensor => einsum(formula, windows(windows(x.value, along), along), weights.value);
    expect(formed(compile(step).program())).toEqual([]);
    const expected = numbersOn(backends.portable, step());
    numbersOn(all[0], step()).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 4);
    });
  });

  test('are not brought into this form where images are so wide that it takes much memory', () => {
    const step = compile((x: Tensor, weights: Tensor) =>
      convolve(x, weights, { size: [3, 3], padding: [1, 1] }),
    );
    const weights = zeros([16, 16, 3, 3]);
    const found = [16_384, 16_400].map((width) => formed(step.program(zeros([8, 16, 2, width]), weights)));
    expect(found.map(({ length }) => length)).toEqual([1, 0]);
  });

  test('are not found where a factor is the same along an axis of it', () => {
    const shapes = { grey: [8, 1, 18, 18], colours: [8, 16, 18, 18] } as const;
    const [grey, colours] = [draw(shapes.grey), draw(shapes.colours)];
    const [weights, one] = [draw([16, 16, 3, 3]), draw([1, 16, 3, 3])];
    const geometry = { size: [3, 3], padding: [0, 0] };
    for (const step of [
      () => convolve(expand(grey, shapes.colours), weights, geometry),
      () => convolve(colours, expand(one, [16, 16, 3, 3]), geometry),
      () =>
        adjoints(
          expand(grey, shapes.colours),
          weights,
          slice(colours, [0, 8], [0, 16], [0, 16], [0, 16]),
          geometry,
        )[1],
    ]) {
      const expected = numbersOn(backends.portable, step());
      numbersOn(all[1], step()).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 2);
      });
    }
  });

  describe.each([
    [16, 64, 64, 16],
    [8, 48, 64, 28],
    [64, 32, 48, 8],
  ])('of %d examples, %d to %d channels, %d x %3$d', (examples, channels, rows, extent) => {
    const geometry = { size: [3, 3], padding: [1, 1] };
    const x = variable(draw([examples, channels, extent, extent]));
    const weights = variable(draw([rows, channels, 3, 3]));
    const g = variable(draw([examples, rows, extent, extent]));
    const passes = {
      forward: () => convolve(x.value, weights.value, geometry),
      'by data': () => adjoints(x.value, weights.value, g.value, geometry)[0],
      'by weights': () => adjoints(x.value, weights.value, g.value, geometry)[1],
    };

    test.each(Object.entries(passes))('%s: less than half of the operations', (_, pass) => {
      const program = compile(pass).program();
      const count = (each: Program): number =>
        kernelCosts(each).reduce((total, { flops }) => total + flops, 0);
      expect(count(inStages(program).program)).toBeLessThan(0.6 * count(program));
    });

    test.each(Object.entries(passes))('%s: errors below 5e-6 of the largest result', (_, pass) => {
      const expected = numbersOn(backends.portable, pass());
      const most = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      const got = numbersOn(all[0], pass());
      const error = got.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i])), 0);
      expect(error / most).toBeLessThan(5e-6);
      // And not those of another program.
      expect(error).toBeGreaterThan(0);
    });
  });

  const shape = { examples: 8, channels: 16, rows: 16, size: [3, 3], extents: [16, 16], padding: [1, 1] };
  test.each([
    ['as they are', {}, [1, 1, 1]],
    // Their gradient by data is a convolution of what lies apart, with zeros between.
    ['far apart', { stride: [2, 2], extents: [32, 32] }, [0, 1, 0]],
    ['with gaps', { dilation: [2, 2], padding: [2, 2] }, [0, 0, 0]],
    ['of another size', { size: [5, 5], padding: [2, 2] }, [0, 0, 0]],
    ['an odd number of them', { extents: [15, 16] }, [0, 0, 0]],
    ['with few channels', { channels: 15 }, [0, 0, 0]],
    ['of which few are wanted', { rows: 15 }, [0, 0, 0]],
    ['of small images', { extents: [16, 6] }, [0, 0, 0]],
    ['of few images, with many weights', { examples: 1, channels: 64, rows: 64 }, [1, 1, 0]],
    ['of one small image', { examples: 1, extents: [4, 8] }, [0, 0, 0]],
  ] as const)('are in this form where they gain: windows %s', (_, changes, expected) => {
    const { examples, channels, rows, extents, ...geometry } = { ...shape, ...changes };
    const x = variable(draw([examples, channels, ...extents]));
    const weights = variable(draw([rows, channels, ...geometry.size]));
    const y = convolve(x.value, weights.value, geometry);
    const g = variable(draw(y.shape));
    const steps = [
      () => convolve(x.value, weights.value, geometry),
      () => adjoints(x.value, weights.value, g.value, geometry)[0],
      () => adjoints(x.value, weights.value, g.value, geometry)[1],
    ];
    expect(steps.map((step) => formed(compile(step).program()).length)).toEqual(expected);
  });
});
