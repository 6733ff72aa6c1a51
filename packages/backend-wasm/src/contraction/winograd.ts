import type {
  Access,
  Buffer,
  Expression,
  IndexExpression,
  Kernel,
  LoopAxis,
  Statement,
} from '@downhill/tensor';
import {
  addIndices,
  binary,
  constantIndex,
  constantOf,
  indexOver,
  load,
  mapIndex,
  pointsOf,
  registerOf,
  scaleIndex,
  shiftIndex,
} from '@downhill/tensor';
import { divisorOf, nested } from '../nest.js';
import type { AddBuffer } from '../stages.js';
import { replaceCounters } from '../stretches.js';
import { LANES } from '../vector.js';
import type { Contraction, Load } from './contraction.js';
import { matchContraction, strideOf } from './contraction.js';

/*
 * Winograd's F(2x2, 3x3), as A. Lavin and S. Gray give it (Fast Algorithms for Convolutional Neural Networks, 2015): tiles of
 * 4 x 4 of an image, of which 3 x 3 windows make 2 x 2 results, take 16 products instead of 36. Image, weights and results are
 * brought to 4 x 4 by sums on both sides, M X Mᵀ; for each of the 16 places a matrix product is left. The gradient by weights is
 * the same read from its other end.
 */

type Matrix = readonly (readonly number[])[];

/** Bᵀ, with signs such that no row begins below 0. */
const IMAGE: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, 1, 0, -1],
];

/** G. */
const WEIGHTS: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];

/** Aᵀ. */
const RESULTS: Matrix = [
  [1, 1, -1, 0],
  [0, 1, 1, -1],
];

/** With fewer channels or rows there is less to gain than sums take. */
const LEAST = 16;

/** Elements of what is transformed, at the most: of all weights, and of a thread's tiles. */
const MOST = 2 ** 22;

/** Parts to divide among threads, at the least. */
const PARTS = 8;

/** Tiles at a time: their sums stay in a level-2 cache while they are multiplied. */
const TILES = 128;

/** Elements between two of the 16 places: lines of the cache that are a power of two apart would displace each other. */
const APART = 16;

/** An axis of three along windows, and the one they slide along. */
interface Window {
  readonly small: LoopAxis;
  readonly large: LoopAxis;
  /** 1 where what comes later lies further on, -1 where it lies before. */
  readonly step: number;
}

/** A pass of a convolution. */
interface Pass extends Contraction {
  readonly image: Load;
  /** Weights, or the gradient by results. */
  readonly factor: Load;
  readonly down: Window;
  readonly across: Window;
  readonly example: LoopAxis | undefined;
  /** Of the image. */
  readonly channel: LoopAxis;
  /** Of the results. */
  readonly row: LoopAxis;
  readonly isByWeights: boolean;
}

/** Recognizes a pass of a convolution with windows of 3 x 3 next to each other that gains. */
function passOf(contraction: Contraction): Pass | undefined {
  const { loops, reduced, left, right } = contraction;
  for (const [image, factor] of [
    [left, right],
    [right, left],
  ]) {
    const [row, ...more]: (LoopAxis | undefined)[] = loops.filter((axis) => strideOf(factor, axis) !== 0);
    for (const [within, around] of [
      [reduced, loops],
      [loops, reduced],
    ]) {
      const windows = within.flatMap((small) =>
        around.flatMap((large): Window[] => {
          const [way, step] = [strideOf(image, small), strideOf(image, large)];
          const slides = small.extent === 3 && large.extent % 2 === 0 && step > 0 && step === Math.abs(way);
          return slides ? [{ small, large, step: Math.sign(way) }] : [];
        }),
      );
      const [across, down] = windows.sort((a, b) => strideOf(image, a.large) - strideOf(image, b.large));
      const used = new Set([row, ...windows.flatMap(({ small, large }) => [small, large])]);
      const isLeft = (axis: LoopAxis): boolean => !used.has(axis) && strideOf(image, axis) !== 0;
      const [channel]: (LoopAxis | undefined)[] = within.filter(isLeft);
      const [example]: (LoopAxis | undefined)[] = around.filter(isLeft);
      if (
        row &&
        channel &&
        windows.length === 2 &&
        more.length === 0 &&
        // No axis is used twice, and the image runs along each but the row.
        used.size === 5 &&
        loops.length + reduced.length === (example ? 7 : 6) &&
        strideOf(image, row) === 0 &&
        Math.min(channel.extent, row.extent) >= LEAST &&
        strideOf(image, across.large) === 4 &&
        across.large.extent >= 2 * LANES
      )
        return {
          ...contraction,
          ...{ image, factor, down, across, example, channel, row, isByWeights: within === loops },
        };
    }
  }
  return undefined;
}

/** Values times a row of a matrix. */
function product(row: readonly number[], values: readonly Expression[]): Expression {
  return values.reduce<Expression | undefined>((sum, value, i) => {
    const factor = row[i];
    if (factor === 0) return sum;
    if (sum && factor === -1) return binary('sub', sum, value, 'float32');
    const term = factor === 1 ? value : binary('mul', value, constantOf(factor, 'float32'), 'float32');
    return sum ? binary('add', sum, term, 'float32') : term;
  }, undefined) as Expression;
}

function loaded({ buffer, index }: Access): Expression {
  return load(buffer, index, 'float32');
}

function registerWith(register: number): Expression {
  return registerOf(register, 'float32', new Set());
}

/** Where the elements of small matrices lie. */
type Elements = (row: number, column: number) => Access;

/** Where the elements of matrices lie of which there is one for each of the 16 places. */
type Places = (place: IndexExpression, columns: readonly LoopAxis[]) => Access;

/**
 * The kernels that take the place of one that is a pass of a convolution with windows of 3 x 3 next to each other; undefined for
 * others.
 */
export function inWinogradForm(
  kernel: Kernel,
  buffers: readonly Buffer[],
  addBuffer: AddBuffer,
): readonly Kernel[] | undefined {
  const lets = kernel.body.slice(0, -1);
  const loop = kernel.body.at(-1);
  if (loop?.kind !== 'loop' || lets.some(({ kind }) => kind !== 'let')) return undefined;
  const contraction = matchContraction(loop);
  const pass = contraction && passOf(contraction);
  if (pass === undefined) return undefined;
  const { register, epilogue, image, factor, down, across, channel, row, isByWeights } = pass;
  // Names below those of the program.
  let names = 0;
  const axis = (extent: number): LoopAxis => ({ axis: --names, extent });
  const example = pass.example ?? axis(1);
  const [height, width] = [down.large.extent / 2, across.large.extent / 2];
  const most = Math.min(TILES, (example.extent * height * width) / PARTS);
  const high = divisorOf(height, most / width);
  const several = divisorOf(example.extent, most / (width * high));
  const tile = [axis(several), axis(high), axis(width)];
  // Sums of parts take no more memory than what is summed.
  const read = buffers[image.buffer].length + buffers[factor.buffer].length;
  let limit = isByWeights ? Math.min(2 * PARTS, read / (16 * pointsOf([row, channel]))) : Infinity;
  const blocks = [example.extent / several, height / high];
  const parts = blocks.map((extent) => {
    const part = axis(divisorOf(extent, limit));
    limit /= part.extent;
    return part;
  });
  const kept = 16 * Math.max(channel.extent * row.extent, (channel.extent + row.extent) * pointsOf(tile));
  if (pointsOf(parts) < PARTS || kept > MOST) return undefined;
  const turns = blocks.map((extent, i) => axis(extent / parts[i].extent));
  const line = axis(2 * high);
  const tiles = [axis(pointsOf(tile))];
  const place = axis(16);
  const here = indexOver([place]);

  const inPart = new Map([
    [example.axis, indexOver([parts[0], turns[0], tile[0]])],
    [down.large.axis, indexOver([parts[1], turns[1], line])],
  ]);
  const inWindow =
    ({ buffer, index }: Access): Elements =>
    (i, j) => {
      const places = new Map([
        [down.small.axis, constantIndex(1 + (i - 1) * down.step)],
        [across.small.axis, constantIndex(1 + (j - 1) * across.step)],
      ]);
      return { buffer, index: mapIndex(index, places) };
    };
  const inTile = (access: Access): Elements => {
    const { buffer, index } = inWindow(access)(0, 0);
    return (i, j) => {
      const places = new Map([
        [line.axis, shiftIndex(scaleIndex(indexOver([tile[1]]), 2), i)],
        [across.large.axis, shiftIndex(scaleIndex(indexOver([tile[2]]), 2), j)],
      ]);
      return { buffer, index: mapIndex(mapIndex(index, inPart), places) };
    };
  };
  /** Room for such matrices; for all threads once for each point of some loops. */
  const addPlaces = (
    role: 'scratch' | 'intermediate',
    rows: LoopAxis,
    columns: number,
    around: readonly LoopAxis[] = [],
  ): Places => {
    const size = rows.extent * columns + APART;
    const buffer = addBuffer('float32', 16 * size * pointsOf(around), role);
    return (which, axes) => ({
      buffer,
      index: addIndices(
        scaleIndex(indexOver(around), 16 * size),
        scaleIndex(which, size),
        indexOver([rows, ...axes]),
      ),
    });
  };
  const inPlaces =
    (places: Places, columns: readonly LoopAxis[]): Elements =>
    (i, j) =>
      places(constantIndex(4 * i + j), columns);

  /** Stores M X Mᵀ for each point of some loops. */
  const transform = (
    loops: readonly LoopAxis[],
    matrix: Matrix,
    from: Elements,
    to: Elements,
  ): readonly Statement[] => {
    const body: Statement[] = [];
    const keep = (value: Expression): Expression => {
      body.push({ kind: 'let', register: --names, value });
      return registerWith(names);
    };
    const sums = matrix[0].map((_, i) => {
      const values = matrix[0].map((__, j) => keep(loaded(from(i, j))));
      return matrix.map((factors) => keep(product(factors, values)));
    });
    matrix.forEach((_, j) => {
      const values = sums.map((each) => each[j]);
      matrix.forEach((factors, i) => {
        body.push({ kind: 'store', ...to(i, j), value: product(factors, values) });
      });
    });
    return nested(loops, body);
  };

  /** Stores sums of a value over some axes. */
  const sum = (
    loops: readonly LoopAxis[],
    axes: readonly LoopAxis[],
    value: Expression,
    to: Access,
    isMore = false,
  ): readonly Statement[] => {
    const register = --names;
    const own = registerWith(register);
    return nested(loops, [
      { kind: 'reduce', register, dtype: 'float32', combine: 'sum', axes, body: [], value },
      { kind: 'store', ...to, value: isMore ? binary('add', loaded(to), own, 'float32') : own },
    ]);
  };

  /** The matrix products, place by place. */
  const multiply = (
    a: Access,
    b: Access,
    axes: readonly LoopAxis[],
    columns: readonly LoopAxis[],
    to: Places,
  ) =>
    sum(
      [place, row, ...columns],
      axes,
      binary('mul', loaded(a), loaded(b), 'float32'),
      to(here, columns),
      isByWeights,
    );

  /** Does with results what the kernel does. */
  const finish = (loops: readonly LoopAxis[], results: Access): readonly Statement[] =>
    nested(loops, [
      { kind: 'let', register, value: loaded(results) },
      ...epilogue.map(replaceCounters(inPart)),
    ]);

  const axes = isByWeights ? [channel, down.small, across.small] : [row, tile[0], line, across.large];
  const own = { buffer: addBuffer('float32', pointsOf(axes), 'scratch'), index: indexOver(axes) };
  const images = addPlaces('scratch', channel, pointsOf(tile));
  const results = addPlaces('scratch', row, pointsOf(tile));
  const weights = addPlaces('intermediate', row, channel.extent);
  const ofImage = transform([channel, ...tile], IMAGE, inTile(image), inPlaces(images, tile));
  const bodies = isByWeights ? byWeights() : forward();
  return bodies.map((body) => ({ ...kernel, body }));

  function forward(): (readonly Statement[])[] {
    return [
      transform([row, channel], WEIGHTS, inWindow(factor), inPlaces(weights, [channel])),
      [
        ...lets,
        ...nested(parts, [
          ...ofImage,
          ...multiply(weights(here, [channel]), images(here, tiles), [channel], tiles, results),
          ...transform([row, ...tile], RESULTS, inPlaces(results, tile), inTile(own)),
          ...finish(axes, own),
        ]),
      ],
    ];
  }

  function byWeights(): (readonly Statement[])[] {
    const ofParts = addPlaces('intermediate', row, channel.extent, parts);
    return [
      nested(parts, [
        ...nested(
          [place, row, channel],
          [{ kind: 'store', ...ofParts(here, [channel]), value: constantOf(0, 'float32') }],
        ),
        ...nested(
          turns,
          [
            ...ofImage,
            ...transform([row, ...tile], transposed(RESULTS), inTile(factor), inPlaces(results, tile)),
            ...multiply(results(here, tiles), images(here, tiles), tiles, [channel], ofParts),
          ],
          false,
        ),
      ]),
      sum([place, row, channel], parts, loaded(ofParts(here, [channel])), weights(here, [channel])),
      [
        ...lets,
        ...nested(
          [row],
          [
            ...transform([channel], transposed(WEIGHTS), inPlaces(weights, [channel]), inWindow(own)),
            ...finish(axes, own),
          ],
        ),
      ],
    ];
  }
}

function transposed(matrix: Matrix): Matrix {
  return matrix[0].map((_, i) => matrix.map((row) => row[i]));
}
