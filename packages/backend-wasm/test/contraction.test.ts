import { gradients } from '@downhill/autograd';
import type { Program, Statement, Tensor } from '@downhill/tensor';
import {
  abs,
  compile,
  einsum,
  expand,
  flip,
  matmul,
  max,
  pad,
  relu,
  reshape,
  setBackend,
  sum,
  tensor,
  transpose,
  variable,
  windows,
} from '@downhill/tensor';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { bordersOf, skipsOf } from '../src/contraction/borders.js';
import type { Contraction } from '../src/contraction/contraction.js';
import { matchContraction } from '../src/contraction/contraction.js';
import { writtenOut } from '../src/contraction/levels.js';
import type { Plan } from '../src/contraction/plan.js';
import { planContraction } from '../src/contraction/plan.js';
import { assembleProgram } from '../src/program-module.js';
import { stretchesOf } from '../src/stretches.js';
import { agree, backends, between, chooseData, oneOf, type Choose } from './agreement.js';
import { adjoints, convolve } from './convolution.js';

afterAll(() => {
  setBackend(backends.portable);
});

function property(numRuns: number, body: (choose: Choose) => void): void {
  fc.assert(fc.property(fc.gen(), body), { numRuns, seed: 20261125 });
}

describe('every pass of a convolution agrees with the portable backend', () => {
  test('whatever its geometry', () => {
    property(40, (choose) => {
      const two = (from: number, to: number): number[] => [
        between(choose, from, to),
        between(choose, from, to),
      ];
      const geometry = {
        size: two(1, 5),
        stride: oneOf(choose, [1, 1], two(1, 3)),
        dilation: oneOf(choose, [1, 1], two(1, 2)),
        padding: two(0, 4),
      };
      const extents = [0, 1].map(
        (i) => geometry.dilation[i] * (geometry.size[i] - 1) + between(choose, 1, 12),
      );
      const [images, inside, outside] = [1, 5, 7].map((most) => between(choose, 1, most));
      const x = chooseData(choose, [images, inside, ...extents], 'float32', 'plain');
      const weights = chooseData(choose, [outside, inside, ...geometry.size], 'float32', 'plain');
      const y = convolve(x, weights, geometry);
      const sums = convolve(abs(x), abs(weights), geometry);
      agree(y, { relative: 1e-5, of: sums });
      const bias = chooseData(choose, [outside, 1, 1], 'float32', 'plain');
      agree(relu(y.add(bias)), { relative: 1e-5, of: sums.add(abs(bias)) });
      const g = chooseData(choose, y.shape, 'float32', 'plain');
      const scales = adjoints(abs(x), abs(weights), abs(g), geometry);
      adjoints(x, weights, g, geometry).forEach((each, i) => {
        agree(each, { relative: 1e-5, of: scales[i] });
      });
    });
  });
});

/** Each row of a table so many times. */
function timesEach(table: Tensor, times: number): Tensor {
  const [rows, columns] = table.shape;
  const spread = expand(reshape(table, [rows, 1, columns]), [rows, times, columns]);
  return reshape(spread, [rows * times, columns]);
}

describe('what is done with sums agrees with the portable backend', () => {
  test('on tiles whole and cut, along rows and across, beside values that change every few rows', () => {
    property(100, (choose) => {
      const rows = 6 * between(choose, 1, 8);
      const [columns, inside] = [between(choose, 1, 30), between(choose, 1, 20)];
      const data = (...shape: number[]): Tensor => chooseData(choose, shape, 'float32', 'plain');
      const [x, weights] = [data(rows, inside), data(inside, columns)];
      const uses: ((sums: Tensor) => Tensor)[] = [
        (sums) => sums.add(data(columns)),
        (sums) => sums.mul(data(rows, 1)),
        (sums) => relu(sums),
        (sums) => sums.add(timesEach(data(rows / 2, columns), 2)),
        (sums) => sums.sub(timesEach(data(rows / 3, columns), 3)),
        // Zeros but for the first column, and but for the last row.
        (sums) =>
          sums.sub(
            pad(data(rows, 1), [
              [0, 0],
              [0, columns - 1],
            ]),
          ),
        (sums) =>
          sums.add(
            pad(data(1, columns), [
              [rows - 1, 0],
              [0, 0],
            ]),
          ),
      ];
      const isTurned = oneOf(choose, false, true);
      const product = (a: Tensor, b: Tensor): Tensor =>
        isTurned ? transpose(matmul(transpose(b), transpose(a))) : matmul(a, b);
      const result = oneOf(choose, ...uses)(oneOf(choose, ...uses)(product(x, weights)));
      agree(result, { relative: 2e-5, of: product(abs(x), abs(weights)).mul(16).add(32) });
    });
  });
});

test('products of factors turned round, and turned round, agree with the portable backend', () => {
  property(40, (choose) => {
    const [rows, columns, inside] = [40, 40, 300].map((most) => between(choose, 1, most));
    const turned = (x: Tensor): Tensor =>
      oneOf(
        choose,
        x,
        ...[[0], [1], [0, 1]].map((axis) => flip(x, axis)),
        transpose(flip(transpose(x), oneOf(choose, 0, 1))),
      );
    const x = turned(chooseData(choose, [rows, inside], 'float32', 'plain'));
    const y = turned(chooseData(choose, [inside, columns], 'float32', 'plain'));
    agree(turned(matmul(x, y)), {
      relative: 1e-5,
      of: matmul(abs(x), abs(y))
        .mul(0)
        .add(3 * inside),
    });
  });
});

test('sums do not wait in memory for values that change every few rows', () => {
  const [x, weights, twice, thrice] = [
    [600, 64],
    [64, 600],
    [300, 600],
    [200, 600],
  ].map((shape) => variable(tensor(new Float32Array(shape[0] * shape[1]), { shape })));
  const step = compile(() =>
    matmul(x.value, weights.value).add(timesEach(twice.value, 2)).add(timesEach(thrice.value, 3)),
  );
  const form = { height: 6, writtenOut: 9 };
  const options = { relaxed: false, tileForms: { one: form, several: form }, sharedPages: undefined };
  const { arenaBytes } = assembleProgram(step.program(), { ...options, threads: 4 });
  // The result, and for each thread the packed columns (64 x 600) and a tile.
  expect(arenaBytes).toBeLessThan(4 * 600 * 600 + 4 * (4 * 64 * 600 + 4096));
});

function firstContraction({ kernels }: Program): Contraction {
  const look = (body: readonly Statement[]): Contraction[] =>
    body.flatMap((statement) => {
      if (statement.kind !== 'loop') return [];
      const contraction = matchContraction(statement);
      return contraction === undefined ? look(statement.body) : [contraction];
    });
  return kernels.flatMap(({ body }) => look(body))[0];
}

/** The plan for the first contraction of a program, with tiles of so many rows. */
function planOf(program: Program, height: number): Plan | undefined {
  const form = { height, writtenOut: 1 };
  const options = { tileForms: { one: form, several: form }, borders: bordersOf(program) };
  return planContraction(firstContraction(program), options);
}

test.each([
  [512, 512],
  [1024, 256],
  [4096, 128],
])('of products with %d rows and columns, %d are added up at a time', (extent, block) => {
  const operands = [
    [extent, 1024],
    [1024, extent],
  ].map((shape) => variable(tensor(new Float32Array(1024 * extent), { shape })));
  const step = compile(() => matmul(operands[0].value, operands[1].value));
  expect(planOf(step.program(), 6)?.cut?.size).toBe(block);
});

describe('rows are an axis that tiles of the form at hand cover well', () => {
  const x = variable(tensor(new Float32Array(64 * 20 * 12 * 12), { shape: [64, 20, 12, 12] }));
  const weights = variable(tensor(new Float32Array(20 * 20 * 25), { shape: [20, 20, 5, 5] }));
  const g = variable(tensor(new Float32Array(64 * 20 * 8 * 8), { shape: [64, 20, 8, 8] }));
  const geometry = { size: [5, 5], stride: [1, 1], dilation: [1, 1], padding: [0, 0] };
  const step = compile(() => gradients(sum(convolve(x.value, weights.value, geometry).mul(g)), [weights])[0]);
  const plans = [4, 6].map((height) => planOf(step.program(), height));

  test('20 channels for tiles of up to four rows, five taps for tiles of up to six', () => {
    expect(plans.map((plan) => plan?.row.extent)).toEqual([20, 5]);
  });

  test('and sums add up in the same order', () => {
    const orders = plans.map((plan) => [plan?.blocks, plan?.cut, plan?.summed, plan?.skip]);
    expect(orders[0][2]).toHaveLength(3);
    expect(orders[1]).toEqual(orders[0]);
  });
});

describe('sums skip the zeros around a copy', () => {
  /** What the first contraction of a program may skip. */
  function firstSkip(program: Program): ReturnType<typeof skipsOf> {
    const { left, right, reduced, loops } = firstContraction(program);
    return [left, right].flatMap((load) => skipsOf(load, { reduced, loops, borders: bordersOf(program) }));
  }

  test('of the five taps across ten rows of a gradient, 50 of 70 products are left', () => {
    const x = variable(tensor(new Float32Array(2 * 3 * 14 * 14), { shape: [2, 3, 14, 14] }));
    const weights = variable(tensor(new Float32Array(4 * 3 * 5 * 5), { shape: [4, 3, 5, 5] }));
    const g = variable(tensor(new Float32Array(2 * 4 * 10 * 10), { shape: [2, 4, 10, 10] }));
    const step = compile(() => {
      const geometry = { size: [5, 5], stride: [1, 1], dilation: [1, 1], padding: [0, 0] };
      return gradients(sum(convolve(x.value, weights.value, geometry).mul(g)), [x])[0];
    });
    // Σ over the 14 rows of how many of 5 taps meet one of the 10 rows: 1+2+3+4+5·6+4+3+2+1.
    const skips = firstSkip(step.program());
    expect(skips.map(({ part }) => part)).toEqual([50 / 70, 50 / 70]);
    expect(skips.map(({ axis, by }) => [axis.extent, by.extent])).toEqual([
      [5, 14],
      [5, 14],
    ]);
  });

  test('of three taps with padding, those that fall into it', () => {
    const x = variable(tensor(new Float32Array(3 * 8 * 8), { shape: [1, 3, 8, 8] }));
    const weights = variable(tensor(new Float32Array(4 * 3 * 3 * 3), { shape: [4, 3, 3, 3] }));
    const step = compile(() =>
      convolve(x.value, weights.value, { size: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1] }),
    );
    // 3·8 products along an axis, of which the first and the last meet a border.
    expect(firstSkip(step.program()).map(({ part }) => part)).toEqual([22 / 24, 22 / 24]);
  });

  test.each([
    [40, 3, 1024],
    [16, 5, 1500],
  ])('but where fewer products are added up at a time: %d channels, taps %d wide, %d kernels', (...sizes) => {
    const [channels, taps, outside] = sizes;
    property(2, (choose) => {
      const x = chooseData(choose, [2, channels, 7, 7], 'float32', 'plain');
      const weights = chooseData(choose, [channels, taps, taps, outside], 'float32', 'plain');
      const convolved = (images: Tensor, kernels: Tensor): Tensor =>
        einsum('ncyxuv,cuvo->nyxo', windows(images, { axes: [2, 3], size: taps, padding: 1 }), kernels);
      agree(convolved(x, weights), { relative: 1e-5, of: convolved(abs(x), abs(weights)) });
    });
  });

  test('nothing where what lies around is not zero', () => {
    const x = variable(tensor(new Float32Array(3 * 8 * 8), { shape: [1, 3, 8, 8] }));
    const weights = variable(tensor(new Float32Array(4 * 3 * 3 * 3), { shape: [4, 3, 3, 3] }));
    const step = compile(() => {
      const around = pad(
        x.value,
        [
          [0, 0],
          [0, 0],
          [1, 1],
          [1, 1],
        ],
        { value: 1 },
      );
      return einsum('ncyxuv,ocuv->noyx', windows(around, { axes: [2, 3], size: 3 }), weights);
    });
    expect(firstSkip(step.program())).toEqual([]);
  });
});

test('short inner loops are written out point by point, the outermost never', () => {
  const levels = [
    { extent: 2, leftStep: 100, rightStep: 7 },
    { extent: 2, leftStep: 10, rightStep: -3 },
    { extent: 3, leftStep: 1, rightStep: -1 },
  ];
  expect(writtenOut(levels, 5)).toEqual({
    looped: levels.slice(0, 2),
    points: [
      { left: 0, right: 0 },
      { left: 1, right: -1 },
      { left: 2, right: -2 },
    ],
  });
  const { looped, points } = writtenOut(levels, 100);
  expect(looped).toEqual(levels.slice(0, 1));
  expect(points.map(({ left, right }) => [left, right])).toEqual([
    [0, 0],
    [1, -1],
    [2, -2],
    [10, -3],
    [11, -4],
    [12, -5],
  ]);
});

describe('loops over guards', () => {
  test('are cut where these begin and cease to hold', () => {
    const x = variable(tensor(new Float32Array(10)));
    const step = compile(() => pad(x.value, [[4, 3]]));
    const [loop] = step.program().kernels[0].body;
    if (loop.kind !== 'loop') throw new TypeError('no loop');
    expect(stretchesOf(loop).map(({ extent }) => extent)).toEqual([4, 10, 3]);
  });

  test.each([1, 2, 5])('load whole vectors of what is inside, %d from the edge', (width) => {
    const x = variable(tensor(new Float32Array(4 * 16 * 16), { shape: [4, 16, 16] }));
    const around = [
      [0, 0],
      [width, width],
      [width, width],
    ] as const;
    const program = compile(() => pad(x.value, around)).program();
    const form = { height: 6, writtenOut: 1 };
    const { bytes } = assembleProgram(program, {
      relaxed: false,
      tileForms: { one: form, several: form },
      sharedPages: undefined,
      threads: 1,
    });
    // v128.load, aligned to four bytes.
    expect(Buffer.from(bytes).includes(Buffer.from([0xfd, 0x00, 0x02]))).toBe(true);
    // f32.load, aligned to four bytes, without an offset.
    expect(Buffer.from(bytes).includes(Buffer.from([0x2a, 0x02, 0x00]))).toBe(false);
  });

  test('copy what is inside and fill the rest', () => {
    property(20, (choose) => {
      const shape = [between(choose, 1, 4), between(choose, 1, 20)];
      const around = shape.map(() => [between(choose, 0, 9), between(choose, 0, 9)] as const);
      agree(pad(chooseData(choose, shape, 'float32', 'special'), around, { value: between(choose, 0, 1) }));
    });
  });
});

describe('rectified values', () => {
  test('NaN stays, and neither zero keeps a sign', () => {
    property(20, (choose) => {
      agree(relu(chooseData(choose, [between(choose, 1, 40)], 'float32', 'special')));
    });
  });

  test('the largest of a window is the first of equals, and NaN before all', () => {
    property(40, (choose) => {
      const shape = [between(choose, 1, 3), 2 * between(choose, 1, 5), 2 * between(choose, 1, 9)];
      const x = chooseData(choose, shape, 'float32', oneOf(choose, 'special', 'plain'));
      const pool = (from: Tensor): Tensor =>
        max(windows(relu(from), { axes: [1, 2], size: 2, stride: 2 }), { axis: [3, 4] });
      agree(pool(x));
      agree(max(relu(x), { axis: 2 }));
      const g = chooseData(choose, [shape[0], shape[1] / 2, shape[2] / 2], 'float32', 'plain');
      agree(gradients(sum(pool(x).mul(g)), [x])[0]);
    });
  });
});
