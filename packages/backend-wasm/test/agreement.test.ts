import {
  abs,
  add,
  all,
  any,
  argmax,
  argmin,
  argsort,
  cast,
  ceil,
  clip,
  compile,
  concat,
  cos,
  cumulativeSum,
  div,
  DTYPES,
  einsum,
  equal,
  erf,
  exp,
  expm1,
  floor,
  flip,
  foldWindows,
  generator,
  greater,
  greaterEqual,
  isFinite,
  isFloating,
  isNaN,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  notEqual,
  oneHot,
  pad,
  pow,
  prod,
  random,
  reciprocal,
  relu,
  round,
  rsqrt,
  scatterAdd,
  setBackend,
  sigmoid,
  sign,
  sin,
  sizeOf,
  softplus,
  sort,
  split,
  sqrt,
  square,
  std,
  sub,
  sum,
  take,
  takeAlongAxis,
  tanh,
  tensor,
  topK,
  variable,
  variance,
  where,
  windows,
  type DType,
  type Tensor,
  type TypedArray,
  type Variable,
  unsqueeze,
} from '@downhill/tensor';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  agree,
  backends,
  chooseAxes,
  chooseData,
  chooseShape,
  chooseTensor,
  chooseView,
  compareElements,
  oneOf,
  type Choose,
  type Tolerance,
  type Values,
} from './agreement.js';

afterAll(() => {
  setBackend(backends.portable);
});

/** Runs a property with choices made on the way. SEED and RUNS (a factor) search elsewhere, and longer. */
function property(numRuns: number, body: (choose: Choose) => void): void {
  fc.assert(fc.property(fc.gen(), body), {
    numRuns: Math.ceil(numRuns * Number(process.env.RUNS ?? 0.4)),
    seed: Number(process.env.SEED ?? 20250601),
  });
}

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;

/** Rounded correctly, or exact, on every backend. */
const exactUnary: Record<string, Unary> = {
  neg,
  abs,
  sign,
  square,
  reciprocal,
  sqrt,
  rsqrt,
  relu,
  floor,
  ceil,
  round,
  isNaN,
  isFinite,
  logicalNot,
  clip: (x) => clip(x, -1, 2),
};
const exactBinary: Record<string, Binary> = {
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  logicalAnd,
  logicalOr,
  logicalXor,
  where: (a, b) => where(less(a, b), a, b),
};
/** Within 4 units in the last place in float32; in float64 they are JavaScript's own. */
const transcendental: Record<string, Unary> = {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  erf,
};
const FLOATS = ['float32', 'float64'] as const;

/** Both of one shape, or one that broadcasts to the other. */
function choosePair(choose: Choose, dtype: DType, other: DType, values: Values): [Tensor, Tensor] {
  const a = chooseTensor(choose, dtype, values);
  const kept = choose(fc.boolean) ? a.shape : a.shape.map((extent) => (choose(fc.boolean) ? extent : 1));
  const b = chooseData(choose, kept.slice(choose(fc.integer, { min: 0, max: kept.length })), other, values);
  return choose(fc.boolean) ? [a, b] : [b, a];
}

describe('elementwise, over any views', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    it.each(Object.keys(exactUnary))('%s', (name) => {
      property(15, (choose) => {
        agree(exactUnary[name](chooseTensor(choose, dtype, 'special')));
      });
    });

    it.each(Object.keys(exactBinary))('%s with any dtype', (name) => {
      property(20, (choose) => {
        const other = oneOf(choose, dtype, ...DTYPES);
        agree(exactBinary[name](...choosePair(choose, dtype, other, 'special')));
      });
    });

    it.each(Object.keys(transcendental))('%s', (name) => {
      property(15, (choose) => {
        agree(transcendental[name](chooseTensor(choose, dtype, 'special')), { ulp: 4 });
      });
    });

    it('pow', () => {
      property(25, (choose) => {
        agree(pow(...choosePair(choose, dtype, dtype, 'special')), { ulp: 4 });
      });
    });

    it.each(DTYPES)('cast to %s', (to) => {
      property(15, (choose) => {
        agree(cast(chooseTensor(choose, dtype, 'special'), to));
      });
    });

    it('a view by itself', () => {
      property(60, (choose) => {
        agree(chooseTensor(choose, dtype, 'special'));
      });
    });
  });
});

/** What is lost by adding up in another order, as a part of the sum of absolute values. */
const relative = (dtype: DType): number => (dtype === 'float64' ? 1e-12 : 1e-5);

/** The tolerance of a sum: integers none, floats a part of the same sum of absolute values. */
function ofSum(dtype: DType, absolute: () => Tensor): Tolerance {
  return isFloating(dtype) ? { relative: relative(dtype), of: absolute() } : 'none';
}

function chooseReduction(choose: Choose, rank: number): { axis: number[]; keepDims: boolean } {
  return { axis: chooseAxes(choose, rank), keepDims: choose(fc.boolean) };
}

describe('reductions over any axes of any views', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    it.each(Object.entries({ sum, mean }))('%s', (_, op) => {
      property(40, (choose) => {
        const x = chooseTensor(choose, dtype, 'plain');
        const options = chooseReduction(choose, x.rank);
        const result = op(x, options);
        agree(
          result,
          ofSum(result.dtype, () => op(abs(x), options)),
        );
      });
    });

    it('prod', () => {
      property(30, (choose) => {
        const x = chooseTensor(choose, dtype, 'factor');
        const options = chooseReduction(choose, x.rank);
        const tolerance = dtype === 'float64' ? 1e-12 : 1e-3;
        agree(
          prod(x, options),
          isFloating(dtype) ? { relative: tolerance, of: abs(prod(x, options)) } : 'none',
        );
      });
    });

    it.each(Object.entries({ max, min, any, all }))('%s', (_, op) => {
      property(40, (choose) => {
        const x = chooseTensor(choose, dtype, 'special');
        const { axis, keepDims } = chooseReduction(choose, x.rank);
        agree(op(x, { axis: axis.filter((each) => x.shape[each] > 0), keepDims }));
      });
    });

    it.each(Object.entries({ argmax, argmin }))('%s', (_, op) => {
      property(40, (choose) => {
        const x = chooseTensor(choose, dtype, oneOf<Values>(choose, 'special', 'plain'), 1);
        const axis = choose(fc.integer, { min: 0, max: x.rank - 1 });
        if (x.shape[axis] > 0) agree(op(x, { axis, keepDims: choose(fc.boolean) }));
        if (x.size > 0) agree(op(x));
      });
    });

    it('sum of NaN and infinities', () => {
      property(20, (choose) => {
        const x = where(chooseTensor(choose, 'bool', 'plain'), dtype === 'float32' ? NaN : -Infinity, 1);
        agree(sum(x, chooseReduction(choose, x.rank)));
      });
    });

    it('variance and std', () => {
      property(30, (choose) => {
        const x = chooseTensor(choose, dtype, 'plain');
        const options = {
          ...chooseReduction(choose, x.rank),
          correction: choose(fc.integer, { min: 0, max: 1 }),
        };
        const result = variance(x, options);
        const tolerance = {
          relative: relative(result.dtype),
          of: sum(square(cast(x, result.dtype)), options).add(1),
        };
        agree(result, tolerance);
        agree(square(std(x, options)), tolerance);
      });
    });

    it('logSumExp', () => {
      property(30, (choose) => {
        const x = chooseTensor(choose, dtype, oneOf<Values>(choose, 'special', 'plain'));
        const { axis, keepDims } = chooseReduction(choose, x.rank);
        const result = logSumExp(x, { axis: axis.filter((each) => x.shape[each] > 0), keepDims });
        agree(result, { relative: relative(result.dtype), of: abs(result).add(1) });
      });
    });

    it('cumulativeSum', () => {
      property(30, (choose) => {
        const x = chooseTensor(choose, dtype, 'plain', 1);
        const axis = choose(fc.integer, { min: 0, max: x.rank - 1 });
        const result = cumulativeSum(x, { axis });
        agree(
          result,
          ofSum(result.dtype, () => cumulativeSum(abs(x), { axis })),
        );
      });
    });

    it('foldWindows', () => {
      property(40, (choose) => {
        const shape = chooseShape(choose, { least: 1, most: 3, largest: 400 });
        const axes = shape.flatMap((extent, axis) => (extent >= 3 && choose(fc.boolean) ? [axis] : []));
        const each = (least: number, most: number): number[] =>
          axes.map(() => choose(fc.integer, { min: least, max: most }));
        const geometry = { axes, size: each(1, 2), stride: each(1, 3), dilation: each(1, 2) };
        const from = windows(tensor(new Float32Array(sizeOf(shape)), { shape }), geometry);
        const x = chooseData(choose, from.shape, dtype, 'plain');
        agree(
          foldWindows(x, shape, geometry),
          ofSum(dtype, () => foldWindows(abs(x), shape, geometry)),
        );
      });
    });
  });
});

describe('contractions', () => {
  describe.each(['float32', 'float64', 'int32'] as const)('%s', (dtype) => {
    const extent = (choose: Choose): number => choose(fc.integer, { min: 1, max: 40 });

    it.each(['', 'left', 'right', 'both'])('matrices, transposed: %s', (transposed) => {
      property(25, (choose) => {
        const [m, k, n] = [extent(choose), extent(choose), extent(choose)];
        const factor = (rows: number, columns: number, turned: boolean): Tensor =>
          turned
            ? chooseData(choose, [columns, rows], dtype, 'plain').transpose()
            : chooseData(choose, [rows, columns], dtype, 'plain');
        const a = factor(m, k, transposed === 'left' || transposed === 'both');
        const b = factor(k, n, transposed === 'right' || transposed === 'both');
        const bias = chooseData(choose, [n], dtype, 'plain');
        const scale = (): Tensor => matmul(abs(a), abs(b)).add(abs(bias));
        agree(matmul(a, b), ofSum(dtype, scale));
        agree(relu(matmul(a, b).add(bias)), ofSum(dtype, scale));
        agree(
          matmul(a, b).add(bias).mul(2).sub(1),
          ofSum(dtype, () => scale().mul(2).add(1)),
        );
        agree(
          sum(matmul(a, b).add(bias), { axis: 0 }),
          ofSum(dtype, () => sum(scale(), { axis: 0 })),
        );
      });
    });

    it('of views, with what is computed in front', () => {
      property(25, (choose) => {
        const [m, k, n] = [extent(choose), extent(choose), extent(choose)];
        const a = chooseData(choose, [m + 2, 2 * k], dtype, 'plain').slice(
          [1, m + 1],
          [undefined, undefined, -2],
        );
        const b = pad(chooseData(choose, [k, n], dtype, 'plain'), [
          [0, 0],
          [1, 2],
        ]);
        agree(
          matmul(a, b),
          ofSum(dtype, () => matmul(abs(a), abs(b))),
        );
        agree(
          matmul(relu(a), flip(b, 0).mul(2)),
          ofSum(dtype, () => matmul(abs(a), flip(abs(b), 0).mul(2))),
        );
      });
    });

    it('batches that broadcast, vectors and nothing', () => {
      property(40, (choose) => {
        const [m, k, n] = [0, 1, 2].map(() => oneOf(choose, 0, 1, 2, 3, 4, 5, 8, 9));
        const a = chooseData(choose, oneOf(choose, [k], [m, k], [2, 1, m, k]), dtype, 'plain');
        const b = chooseData(choose, oneOf(choose, [k], [k, n], [3, k, n], [2, 3, k, n]), dtype, 'plain');
        agree(
          matmul(a, b),
          ofSum(dtype, () => matmul(abs(a), abs(b))),
        );
      });
    });

    it.each([
      'ij,jk->ik',
      'ij,jk->ki',
      'bij,bkj->bik',
      'bij,bik->jk',
      'ii->i',
      'ii->',
      'ij->j',
      'i,j->ij',
      'ij,ij->i',
      'ij,jk,kl->il',
      'bi,bj,bk->ijk',
      'iji,jk->ik',
    ])('einsum %s', (equation) => {
      property(10, (choose) => {
        const extents = new Map(
          [...equation].map((letter) => [letter, choose(fc.integer, { min: 1, max: 9 })]),
        );
        const operands = equation
          .split('->')[0]
          .split(',')
          .map((letters) =>
            chooseData(
              choose,
              [...letters].map((letter) => extents.get(letter) ?? 1),
              dtype,
              'plain',
            ),
          );
        agree(
          einsum(equation, ...operands),
          ofSum(dtype, () => einsum(equation, ...operands.map(abs))),
        );
      });
    });

    it('convolution, as windows times weights', () => {
      property(20, (choose) => {
        const [height, width] = [
          choose(fc.integer, { min: 4, max: 9 }),
          choose(fc.integer, { min: 4, max: 12 }),
        ];
        const [size, stride, padding] = [1, 1, 0].map((min) => choose(fc.integer, { min, max: 3 }));
        const x = chooseData(choose, [2, 3, height, width], dtype, 'plain');
        const weights = chooseData(choose, [5, 3, size, size], dtype, 'plain');
        const convolve = (x: Tensor, weights: Tensor): Tensor =>
          einsum('ncyxuv,ocuv->noyx', windows(x, { axes: [2, 3], size, stride, padding }), weights);
        agree(
          convolve(x, weights),
          ofSum(dtype, () => convolve(abs(x), abs(weights))),
        );
      });
    });
  });
});

/** A tree of exact operations over leaves that broadcast and views of them: the same to the bit on every backend. */
function chooseTree(
  choose: Choose,
  dtype: DType,
  depth: number,
  leaves: readonly Tensor[],
  extra: Record<string, Unary> = {},
): Tensor {
  if (depth === 0 || choose(fc.integer, { min: 0, max: 5 }) === 0) {
    return oneOf(choose, ...leaves);
  }
  const branch = (): Tensor => chooseTree(choose, dtype, depth - 1, leaves, extra);
  const kind = choose(fc.integer, { min: 0, max: 9 });
  const unary: Record<string, Unary> = { ...exactUnary, ...extra };
  if (kind < 4) return cast(unary[oneOf(choose, ...Object.keys(unary))](branch()), dtype);
  if (kind < 9)
    return cast(exactBinary[oneOf(choose, ...Object.keys(exactBinary))](branch(), branch()), dtype);
  return where(branch(), branch(), oneOf(choose, 0.5, -1, 2));
}

function chooseLeaves(choose: Choose, shape: readonly number[], dtype: DType): Tensor[] {
  const turned = [...shape].reverse();
  return [
    chooseData(choose, shape, dtype, 'special'),
    chooseData(choose, turned, dtype, 'special').permute(shape.map((_, axis) => shape.length - 1 - axis)),
    chooseData(choose, shape.slice(1), dtype, 'special'),
    chooseData(
      choose,
      shape.map((extent, axis) => (axis === 0 ? extent : 1)),
      dtype,
      'special',
    ),
    flip(chooseData(choose, shape, dtype, 'special')),
  ];
}

describe('fused chains', () => {
  it.each(DTYPES)('trees of exact operations of %s', (dtype) => {
    property(80, (choose) => {
      const leaves = chooseLeaves(choose, chooseShape(choose, { least: 1, most: 3, largest: 600 }), dtype);
      agree(chooseTree(choose, dtype, 4, leaves));
    });
  });

  it('trees of float64 with the functions that both backends take from JavaScript', () => {
    property(80, (choose) => {
      const leaves = chooseLeaves(
        choose,
        chooseShape(choose, { least: 1, most: 3, largest: 300 }),
        'float64',
      );
      agree(chooseTree(choose, 'float64', 4, leaves, { exp, expm1, log, log1p, sin, cos, tanh, erf }));
    });
  });

  it.each(DTYPES)('producers in front of reductions of %s, and consumers behind', (dtype) => {
    property(60, (choose) => {
      const leaves = chooseLeaves(choose, chooseShape(choose, { least: 1, most: 3, largest: 600 }), dtype);
      const tree = chooseTree(choose, dtype, 3, leaves);
      // The largest and smallest do not depend on the order, so that this is exact as well.
      const axis = chooseAxes(choose, tree.rank).filter((each) => tree.shape[each] > 0);
      const [largest, smallest] = [max(tree, { axis, keepDims: true }), min(tree, { axis, keepDims: true })];
      agree(tree.sub(largest));
      agree(where(equal(tree, largest), smallest.neg(), tree.mul(largest)));
      agree(max(tree.sub(smallest), { axis }));
    });
  });

  it.each(DTYPES)(
    'what is combined over windows side by side, of %s: short loops inside long ones',
    (dtype) => {
      property(40, (choose) => {
        const windows = choose(fc.integer, { min: 1, max: 20 });
        const size = choose(fc.integer, { min: 2, max: 5 });
        const shape = [
          choose(fc.integer, { min: 1, max: 3 }),
          choose(fc.integer, { min: 1, max: 3 }),
          windows,
        ];
        const x = chooseData(choose, [...shape, size], dtype, 'plain');
        const [threshold, each] = [
          chooseData(choose, shape, dtype, 'plain'),
          chooseData(choose, shape, dtype, 'plain'),
        ];
        const [of, to] = [threshold, each].map((tensor) => unsqueeze(tensor, -1));
        const chosen = where(less(x, of), x, to);
        for (const axis of [
          [0, 2, 3],
          [2, 3],
          [1, 2, 3],
        ]) {
          agree(
            sum(chosen, { axis }),
            ofSum(sum(chosen).dtype, () => sum(abs(chosen), { axis })),
          );
          agree(max(chosen, { axis }));
          agree(argmax(chosen, { axis: 3 }));
        }
      });
    },
  );

  it('rows of a softmax, and its logarithm', () => {
    property(60, (choose) => {
      const shape = chooseShape(choose, { least: 1, most: 3, largest: 1200 }).map((extent) =>
        Math.max(1, extent),
      );
      const dtype = oneOf(choose, ...FLOATS);
      const x = chooseView(choose, chooseData(choose, shape, dtype, 'plain'));
      if (x.rank === 0 || x.size === 0) return;
      const axis = choose(fc.integer, { min: 0, max: x.rank - 1 });
      const shifted = x.sub(max(x, { axis, keepDims: true }));
      const weights = exp(shifted);
      const softmax = weights.div(sum(weights, { axis, keepDims: true }));
      agree(softmax, { relative: relative(dtype), of: softmax });
      agree(shifted.sub(log(sum(weights, { axis, keepDims: true }))), {
        relative: relative(dtype),
        of: abs(shifted).add(10),
      });
      agree(sum(softmax.mul(x), { axis }), {
        relative: relative(dtype),
        of: sum(softmax.mul(abs(x)), { axis }),
      });
      agree(sum(softmax), { relative: relative(dtype), of: sum(softmax) });
    });
  });

  it('rows brought to mean 0 and variance 1', () => {
    property(40, (choose) => {
      const dtype = oneOf(choose, ...FLOATS);
      const shape = [choose(fc.integer, { min: 1, max: 20 }), choose(fc.integer, { min: 2, max: 40 })];
      const x = chooseData(choose, shape, dtype, 'plain');
      const axis = choose(fc.integer, { min: 0, max: 1 });
      const centred = x.sub(mean(x, { axis, keepDims: true }));
      const normal = centred.mul(rsqrt(variance(x, { axis, keepDims: true }).add(0.1)));
      const gain = chooseData(choose, [shape[1]], dtype, 'plain');
      agree(normal.mul(gain).add(1), { relative: 10 * relative(dtype), of: abs(normal.mul(gain)).add(10) });
    });
  });

  it('several results of one compiled function', () => {
    property(40, (choose) => {
      const dtype = oneOf(choose, ...DTYPES);
      const leaves = chooseLeaves(choose, chooseShape(choose, { least: 1, most: 3, largest: 400 }), dtype);
      const trees = [0, 1, 2].map(() => chooseTree(choose, dtype, 3, leaves));
      const results = [...trees, trees[0].add(trees[1]), sum(cast(trees[2], 'bool'))];
      const run = compile(() => results);
      setBackend(backends.portable);
      const expected = run().map((each) => each.dataSync());
      setBackend(backends.wasm);
      run().forEach((each, i) => {
        compareElements(each.dataSync(), expected[i], each.dtype);
      });
    });
  });
});

describe('variables updated in place by a compiled function', () => {
  /** What variables hold after some steps, on either backend. */
  function agreeAfterSteps(
    initial: readonly Tensor[],
    step: (variables: readonly Variable[]) => void,
    tolerance: (values: readonly TypedArray[]) => Tolerance = () => 'none',
  ): void {
    const run = (backend: (typeof backends)['portable']): TypedArray[] => {
      setBackend(backend);
      const variables = initial.map((value) => variable(value));
      const compiled = compile(() => {
        step(variables);
      });
      for (let i = 0; i < 3; i++) compiled();
      return variables.map((each) => each.value.dataSync());
    };
    const expected = run(backends.portable);
    run(backends.wasm).forEach((values, i) => {
      compareElements(values, expected[i], initial[i].dtype, tolerance(expected));
    });
  }

  it.each(DTYPES)('momentum-like rules of %s', (dtype) => {
    property(20, (choose) => {
      const shape = chooseShape(choose);
      const [x, gradient, velocity] = [0, 1, 2].map(() => chooseData(choose, shape, dtype, 'special'));
      agreeAfterSteps([x, velocity], ([parameter, speed]) => {
        speed.assign(cast(speed.mul(3).sub(gradient), dtype));
        parameter.assign(cast(parameter.add(speed.mul(2)), dtype));
      });
    });
  });

  it.each(DTYPES)('variables of %s that change places, or turn round', (dtype) => {
    property(30, (choose) => {
      const shape = chooseShape(choose, { least: 1 });
      const [a, b] = [0, 1].map(() => chooseData(choose, shape, dtype, 'special'));
      agreeAfterSteps([a, b], ([a, b]) => {
        const kept = a.value;
        a.assign(b);
        b.assign(kept);
      });
      agreeAfterSteps([a, b], ([a, b]) => {
        const kept = a.value;
        a.assign(flip(b));
        b.assign(kept.maximum(flip(kept, 0)));
      });
      agreeAfterSteps([a], ([a]) => {
        a.assign(flip(a));
      });
      agreeAfterSteps([a, b], ([a, b]) => {
        a.assign(
          cast(
            a.sub(
              max(
                pad(
                  cast(b, 'uint8'),
                  shape.map(() => [1, 0]),
                ),
              ),
            ),
            dtype,
          ),
        );
        b.assign(
          cast(
            b.sub(
              min(
                pad(
                  a,
                  shape.map(() => [0, 1]),
                ),
              ),
            ),
            dtype,
          ),
        );
      });
    });
  });

  it('v = v transposed, v = v A, v = A v', () => {
    property(30, (choose) => {
      const n = choose(fc.integer, { min: 1, max: 20 });
      const dtype = oneOf(choose, 'float32', 'float64', 'int32');
      const matrices = [0, 1].map(() => chooseData(choose, [n, n], dtype, 'plain'));
      agreeAfterSteps(matrices, ([v]) => {
        v.assign(v.transpose());
      });
      const largest = ([values]: readonly TypedArray[]): Tolerance =>
        dtype === 'int32'
          ? 'none'
          : {
              absolute: 20 * relative(dtype) * Math.max(1, ...values.map(Math.abs)),
            };
      agreeAfterSteps(
        matrices,
        ([v, a]) => {
          v.assign(matmul(v, a));
        },
        largest,
      );
      agreeAfterSteps(
        matrices,
        ([v, a]) => {
          v.assign(matmul(a, v).add(v));
        },
        largest,
      );
    });
  });

  it('a variable that is read through views while it is overwritten', () => {
    property(40, (choose) => {
      const shape = chooseShape(choose, { least: 1, most: 3 }).map((extent) => Math.max(1, extent));
      const initial = chooseData(choose, shape, 'float32', 'special');
      const axis = choose(fc.integer, { min: 0, max: shape.length - 1 });
      const shift = choose(fc.integer, { min: 0, max: shape[axis] });
      agreeAfterSteps([initial], ([v]) => {
        const [front, back] = split(v, [shift, shape[axis] - shift], { axis });
        v.assign(concat([back, front], { axis }).sub(max(v, { axis, keepDims: true })));
      });
    });
  });
});

describe('indexing', () => {
  it.each(DTYPES)('take, takeAlongAxis, scatterAdd and oneHot of %s', (dtype) => {
    property(40, (choose) => {
      const x = chooseView(
        choose,
        chooseData(choose, chooseShape(choose, { least: 1, most: 3 }), dtype, 'plain'),
      );
      if (x.rank === 0) return;
      const axis = choose(fc.integer, { min: 0, max: x.rank - 1 });
      if (x.shape[axis] === 0) return;
      const places = (shape: number[]): Tensor =>
        minimum(cast(chooseData(choose, shape, 'uint8', 'plain'), 'int32'), x.shape[axis] - 1);
      agree(take(x, places(chooseShape(choose, { most: 2, largest: 40 })), { axis }));
      const along = places(
        x.shape.map((extent, each) => (each === axis ? choose(fc.integer, { min: 0, max: 9 }) : extent)),
      );
      agree(takeAlongAxis(x, along, { axis }));
      const updates = chooseData(choose, along.shape, dtype, 'plain');
      const added = scatterAdd(x, along, updates, { axis });
      agree(
        added,
        ofSum(added.dtype, () => scatterAdd(abs(x), along, abs(updates), { axis })),
      );
      agree(oneHot(along, x.shape[axis], { dtype }));
    });
  });

  it.each(DTYPES)('argsort, sort and topK of %s, with NaN, zeros of both signs and ties', (dtype) => {
    property(40, (choose) => {
      const values = oneOf<Values>(choose, 'special', 'plain');
      const x = chooseTensor(choose, dtype, values, 1);
      const options = {
        axis: choose(fc.integer, { min: 0, max: x.rank - 1 }),
        descending: choose(fc.boolean),
      };
      agree(argsort(x, options));
      agree(sort(x, options));
      const count = choose(fc.integer, { min: 0, max: x.shape[options.axis] });
      const best = topK(x, count, { axis: options.axis, smallest: options.descending });
      agree(best.indices);
      agree(best.values);
    });
  });

  it('the order of long rows, beside other work of a compiled function', () => {
    property(10, (choose) => {
      const rows = choose(fc.integer, { min: 1, max: 5 });
      const length = choose(fc.integer, { min: 1, max: 5000 });
      const shape = choose(fc.boolean) ? [rows, length] : [length, rows];
      const dtype = oneOf(choose, ...DTYPES);
      const x = chooseData(choose, shape, dtype, oneOf<Values>(choose, 'special', 'plain'));
      agree(add(argsort(x.mul(2), { axis: 1 }), argsort(x, { axis: 0, descending: true })));
    });
  });
});

describe('random numbers', () => {
  it('bits, uniform numbers, truth values and permutations are the same on both', () => {
    property(20, (choose) => {
      const shape = chooseShape(choose);
      const seed = choose(fc.maxSafeNat);
      const draws: (() => Tensor)[] = [
        () => random.bits(shape, { generator: generator(seed) }),
        () => random.uniform(shape, { generator: generator(seed) }),
        () => random.uniform(shape, { generator: generator(seed), low: -2, high: 5, dtype: 'float64' }),
        () => random.bernoulli(shape, { generator: generator(seed), probability: 0.3 }),
        () => random.permutation(sizeOf(shape), { generator: generator(seed) }),
      ];
      draws.forEach((draw) => {
        agree(draw());
      });
      const normal = random.normal(shape, { generator: generator(seed) });
      agree(normal, { relative: 1e-5, of: abs(normal).add(1) });
    });
  });

  it('a compiled function draws the same numbers on both, new ones at each call', () => {
    const drawTwice = (backend: (typeof backends)['portable']): TypedArray[] => {
      setBackend(backend);
      const source = generator(7);
      const draw = compile(() => random.bits([9], { generator: source }));
      return [draw().dataSync(), draw().dataSync()];
    };
    const [first, second] = drawTwice(backends.portable);
    expect(first).not.toEqual(second);
    expect(drawTwice(backends.wasm)).toEqual([first, second]);
  });
});

describe('draws computed where they are used', () => {
  const draws: Record<string, () => Tensor> = {
    'in pieces one after another': () => concat([random.uniform([3]), random.uniform([2])]),
    'with zeros around': () => pad(random.uniform([3]), [[1, 1]]),
    'at places that are drawn too': () =>
      take(random.uniform([3]), cast(random.uniform([4], { high: 3 }), 'int32')),
    'added up one by one': () => cumulativeSum(random.uniform([7]), { axis: 0 }),
  };

  it.each(Object.keys(draws))('%s', (name) => {
    agree(draws[name](), { ulp: 4 });
  });
});

it('a place may be computed by a reduction', () => {
  const x = tensor([
    [1, -2],
    [3, 4],
  ]);
  const places = unsqueeze(cast(greater(sum(x, { axis: 1 }), 0), 'int32'), 1);
  agree(takeAlongAxis(x, places, { axis: 1 }));
});
