import {
  allocateArray,
  concat,
  expand,
  flip,
  generator,
  pad,
  permute,
  portable,
  random,
  reshape,
  setBackend,
  sizeOf,
  stopGradient,
  tensor,
  unsqueeze,
  windows,
  type Backend,
  type DType,
  type Range,
  type Shape,
  type Tensor,
  type TypedArray,
} from '@downhill/tensor';
import { wasm } from '@downhill/backend-wasm';
import fc from 'fast-check';

/** The backend under test, and the one it must agree with. */
export const backends = { portable: portable(), wasm: await wasm() };

export type Choose = fc.GeneratorValue;

/** One of the options. */
export function oneOf<T>(choose: Choose, ...options: readonly T[]): T {
  return options[choose(fc.nat, options.length - 1)];
}

/** A whole number from `min` to `max`. */
export function between(choose: Choose, min: number, max: number): number {
  return choose(fc.integer, { min, max });
}

/** Draws tensors of normal numbers that are there already, whichever backend reads them. */
export function drawFrom(seed: number): (shape: Shape) => Tensor {
  const source = generator(seed);
  return (shape) => {
    const values = stopGradient(random.normal(shape, { generator: source }));
    values.dataSync();
    return values;
  };
}

/**
 * How far results may be apart: not at all (but NaN is NaN), a distance, a number of units in the last place, or a part of
 * what `of` holds: the sum of the absolute values of what was added up.
 */
export type Tolerance =
  | 'none'
  | { readonly absolute: number }
  | { readonly ulp: number }
  | { readonly relative: number; readonly of: Tensor };

/** What a backend computes for a tensor that may have been computed before. */
export function elementsOn(backend: Backend, x: Tensor): TypedArray {
  setBackend(backend);
  // A node of its own, so that each backend computes the whole graph.
  return stopGradient(x).dataSync();
}

/** Throws unless both backends give the same elements, within the tolerance. */
export function agree(x: Tensor, tolerance: Tolerance = 'none'): void {
  const expected = elementsOn(backends.portable, x);
  const scale =
    typeof tolerance === 'object' && 'of' in tolerance
      ? elementsOn(backends.portable, tolerance.of)
      : expected;
  const got = elementsOn(backends.wasm, x);
  compareElements(got, expected, x.dtype, tolerance, scale);
}

export function compareElements(
  got: TypedArray,
  expected: TypedArray,
  dtype: DType,
  tolerance: Tolerance = 'none',
  scale: TypedArray = expected,
): void {
  if (got.length !== expected.length) throw new Error(`${got.length} elements instead of ${expected.length}`);
  expected.forEach((value, i) => {
    if (Object.is(got[i], value)) return;
    if (tolerance !== 'none' && isWithin(tolerance, got[i], value, dtype, scale[i])) return;
    throw new Error(`element ${i} of ${expected.length}: wasm gives ${got[i]}, portable ${value} (${dtype})`);
  });
}

function isWithin(
  tolerance: Exclude<Tolerance, 'none'>,
  got: number,
  value: number,
  dtype: DType,
  scale: number,
): boolean {
  if ('ulp' in tolerance) return ulps(got, value, dtype) <= tolerance.ulp;
  return Math.abs(got - value) <= ('absolute' in tolerance ? tolerance.absolute : tolerance.relative * scale);
}

/** How many numbers of the dtype lie between two; a zero is as good as the other, NaN is far from all. */
function ulps(a: number, b: number, dtype: DType): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
  if (dtype === 'float64') return a === b ? 0 : Math.abs(a - b) / (Math.abs(b) * 2 ** -52);
  return Math.abs(place(a) - place(b));
}

const bits = new Int32Array(1);
const number = new Float32Array(bits.buffer);

function place(x: number): number {
  number[0] = x;
  return bits[0] < 0 ? -2147483648 - bits[0] : bits[0];
}

const EXTENTS = [0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33];

/** A shape of at most `largest` elements, often with extents around the widths of vectors, of 1 and of 0. */
export function chooseShape(choose: Choose, { least = 0, most = 4, largest = 2000 } = {}): number[] {
  const shape: number[] = [];
  const rank = choose(fc.integer, { min: least, max: most });
  while (shape.length < rank) {
    const extent = oneOf(choose, ...EXTENTS);
    shape.push(sizeOf(shape) * extent > largest ? 1 : extent);
  }
  return shape;
}

const SPECIAL = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  2.5,
  -0.5,
  1e-40,
  3e38,
  -3e38,
  300,
  -129,
  2147483648,
];

/** `special`: with NaN, infinities and zeros of both signs; `plain`: from -4 to 4; `factor`: around 1. */
export type Values = 'special' | 'plain' | 'factor';

/** A tensor of host data. */
export function chooseData(choose: Choose, shape: Shape, dtype: DType, values: Values): Tensor {
  let state = choose(fc.integer, { min: 0, max: 65535 });
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) / 2 ** 24) * below;
  };
  const float = (): number => {
    if (values === 'special' && next(2) < 1) return SPECIAL[Math.floor(next(SPECIAL.length))];
    return values === 'factor' ? (next(2) < 1 ? -1 : 1) * (0.8 + next(0.4)) : next(8) - 4;
  };
  const integer = (): number => {
    if (dtype === 'bool') return Math.floor(next(2));
    if (dtype === 'uint8') return Math.floor(next(256));
    return values === 'special' && next(4) < 1
      ? [-2147483648, 2147483647, 65536][Math.floor(next(3))]
      : Math.floor(next(200) - 100);
  };
  const data = allocateArray(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++)
    data[i] = dtype === 'float32' || dtype === 'float64' ? float() : integer();
  return tensor(data, { shape, dtype });
}

const LARGEST_VIEW = 4000;

type View = (choose: Choose, x: Tensor) => Tensor;

const upTo = (choose: Choose, max: number): number => choose(fc.integer, { min: 0, max });

const VIEWS: Record<string, View> = {
  permute: (choose, x) => permute(x, chooseAxes(choose, x.rank, x.rank)),
  slice: (choose, x) =>
    x.slice(
      ...x.shape.map((extent): Range => {
        const start = upTo(choose, extent);
        const step = oneOf(choose, 1, 1, 2, 3, -1, -2);
        if (extent > 0 && upTo(choose, 5) === 0) return upTo(choose, extent - 1) - (step < 0 ? extent : 0);
        return choose(fc.boolean) ? [undefined, undefined, step] : [start, undefined, step];
      }),
    ),
  expand: (choose, x) =>
    expand(x, [
      ...oneOf(choose, [], [3], [1, 2]),
      ...x.shape.map((extent) => (extent === 1 ? 1 + upTo(choose, 8) : extent)),
    ]),
  pad: (choose, x) =>
    pad(
      x,
      x.shape.map(() => [upTo(choose, 3), upTo(choose, 3)] as const),
      { value: upTo(choose, 1) },
    ),
  concat: (choose, x) => {
    if (x.rank === 0) return x;
    const axis = upTo(choose, x.rank - 1);
    return concat(
      [x, flip(x, axis), x.slice(...x.shape.map((_, each): Range => (each === axis ? [0, 1] : undefined)))],
      { axis },
    );
  },
  windows: (choose, x) => {
    const axes = x.shape.flatMap((extent, axis) => (extent >= 3 && choose(fc.boolean) ? [axis] : []));
    if (axes.length === 0) return x;
    const each = (least: number, most: number): number[] =>
      axes.map(() => choose(fc.integer, { min: least, max: most }));
    return windows(x, {
      axes,
      size: each(1, 2),
      stride: each(1, 3),
      dilation: each(1, 2),
      padding: each(0, 2),
    });
  },
  merge: (choose, x) => {
    if (x.rank < 2) return x;
    const at = upTo(choose, x.rank - 2);
    return reshape(x, [...x.shape.slice(0, at), x.shape[at] * x.shape[at + 1], ...x.shape.slice(at + 2)]);
  },
  divide: (choose, x) => {
    const shape = x.shape.flatMap((extent) =>
      extent > 0 && extent % 2 === 0 && choose(fc.boolean) ? [2, extent / 2] : [extent],
    );
    return reshape(x, shape);
  },
  unsqueeze: (choose, x) => unsqueeze(x, upTo(choose, x.rank)),
};

/** `count` different axes of `rank`, in any order. */
export function chooseAxes(choose: Choose, rank: number, count = upTo(choose, rank)): number[] {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  return choose(fc.shuffledSubarray<number>, all, { minLength: count, maxLength: count });
}

/** x seen through up to three views, one after another. */
export function chooseView(choose: Choose, x: Tensor): Tensor {
  let seen = x;
  for (let count = upTo(choose, 3); count > 0; count--) {
    const view = VIEWS[oneOf(choose, ...Object.keys(VIEWS))](choose, seen);
    if (view.rank <= 6 && view.size <= LARGEST_VIEW) seen = view;
  }
  return seen;
}

/** Host data of any shape, seen through views. */
export function chooseTensor(choose: Choose, dtype: DType, values: Values, least = 0): Tensor {
  const x = chooseView(choose, chooseData(choose, chooseShape(choose, { least }), dtype, values));
  return x.rank < least
    ? unsqueeze(
        x,
        Array.from({ length: least - x.rank }, (_, axis) => axis),
      )
    : x;
}
