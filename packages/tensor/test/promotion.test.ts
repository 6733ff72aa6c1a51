import {
  add,
  cast,
  compile,
  cumulativeSum,
  div,
  DTYPES,
  DTypeError,
  exp,
  less,
  matmul,
  max,
  maximum,
  mean,
  mul,
  neg,
  pad,
  pow,
  prod,
  sqrt,
  sub,
  sum,
  tensor,
  where,
  type DType,
  type Tensor,
} from '@downhill/tensor';
import { describe, expect, it } from 'vitest';

/** A tensor of two ones. */
const of = (dtype: DType): Tensor => tensor([1, 1], { dtype });

/** The dtype and the elements, as both must be right. */
const result = (x: Tensor): [DType, number[]] => [x.dtype, Array.from(x.dataSync())];

/** Rows and columns in the order bool, uint8, int32, float32, float64: the later of the two. */
const MEETING: Record<DType, readonly DType[]> = {
  bool: ['bool', 'uint8', 'int32', 'float32', 'float64'],
  uint8: ['uint8', 'uint8', 'int32', 'float32', 'float64'],
  int32: ['int32', 'int32', 'int32', 'float32', 'float64'],
  float32: ['float32', 'float32', 'float32', 'float32', 'float64'],
  float64: ['float64', 'float64', 'float64', 'float64', 'float64'],
};

/** What kinds of operations make of what their operands meet in. */
const KINDS: Record<
  string,
  { operations: ((x: Tensor, y: Tensor) => Tensor)[]; gives: Record<DType, DType> }
> = {
  arithmetic: {
    operations: [add, sub, mul, (x, y) => neg(maximum(x, y))],
    gives: { bool: 'int32', uint8: 'uint8', int32: 'int32', float32: 'float32', float64: 'float64' },
  },
  floating: {
    operations: [
      div,
      pow,
      (x, y) => exp(maximum(x, y)),
      (x, y) => sqrt(maximum(x, y)),
      (x, y) => mean(maximum(x, y)),
    ],
    gives: { bool: 'float32', uint8: 'float32', int32: 'float32', float32: 'float32', float64: 'float64' },
  },
  ordering: {
    operations: [maximum, (x, y) => where(less(x, y), x, y), (x, y) => max(maximum(x, y))],
    gives: { bool: 'bool', uint8: 'uint8', int32: 'int32', float32: 'float32', float64: 'float64' },
  },
  total: {
    operations: [
      matmul,
      (x, y) => sum(maximum(x, y)),
      (x, y) => prod(maximum(x, y)),
      (x, y) => cumulativeSum(maximum(x, y), { axis: 0 }),
    ],
    gives: { bool: 'int32', uint8: 'int32', int32: 'int32', float32: 'float32', float64: 'float64' },
  },
};

describe.each(Object.entries(KINDS))('%s operations', (_, { operations, gives }) => {
  it.each(DTYPES)('of %s and each dtype', (left) => {
    DTYPES.forEach((right, i) => {
      for (const operation of operations) {
        const value = operation(of(left), of(right));
        expect(value.dtype).toBe(gives[MEETING[left][i]]);
        // The program computes in that dtype as well: the array is of its kind.
        expect(value.dataSync()).toBeInstanceOf(tensor([0], { dtype: value.dtype }).dataSync().constructor);
      }
    });
  });
});

describe('numbers are weak', () => {
  it.each<[DType, number, DType, number[]]>([
    ['bool', 1, 'int32', [2, 2]],
    ['bool', 0.5, 'float32', [1.5, 1.5]],
    ['uint8', 255, 'uint8', [0, 0]],
    ['uint8', 256, 'int32', [257, 257]],
    ['uint8', -1, 'int32', [0, 0]],
    ['uint8', 0.5, 'float32', [1.5, 1.5]],
    ['int32', 2147483647, 'int32', [-2147483648, -2147483648]],
    ['int32', 2147483648, 'float32', [2147483648, 2147483648]],
    ['int32', 0.25, 'float32', [1.25, 1.25]],
    ['int32', NaN, 'float32', [NaN, NaN]],
    ['float32', 0.1, 'float32', [Math.fround(1 + Math.fround(0.1)), Math.fround(1 + Math.fround(0.1))]],
    ['float32', 1e300, 'float32', [Infinity, Infinity]],
    ['float64', 0.1, 'float64', [1.1, 1.1]],
  ])('%s + %d gives %s', (dtype, value, expected, elements) => {
    expect(result(of(dtype).add(value))).toEqual([expected, elements]);
    expect(result(add(value, of(dtype)))).toEqual([expected, elements]);
    expect(result(compile((x: Tensor) => x.add(value))(of(dtype)))).toEqual([expected, elements]);
  });

  it('arithmetic among numbers is float64, and its result is as weak as they are', () => {
    const third = div(1, 3);
    expect(result(third)).toEqual(['float64', [1 / 3]]);
    expect(result(third.mul(of('float32')))).toEqual(['float32', [Math.fround(1 / 3), Math.fround(1 / 3)]]);
    expect(third.mul(of('int32')).dtype).toBe('float32');
    expect(result(cast(third, 'float64').mul(of('float32')))).toEqual(['float64', [1 / 3, 1 / 3]]);
  });

  it('a scalar tensor is not weak', () => {
    expect(of('float32').add(tensor(1, { dtype: 'float64' })).dtype).toBe('float64');
    expect(of('int32').add(tensor(0.5)).dtype).toBe('float32');
  });
});

describe('integers wrap around', () => {
  it.each<[string, Tensor, number[]]>([
    ['uint8 sum', tensor([200, 255], { dtype: 'uint8' }).add(tensor([100, 1], { dtype: 'uint8' })), [44, 0]],
    ['uint8 difference', tensor([0], { dtype: 'uint8' }).sub(tensor([1], { dtype: 'uint8' })), [255]],
    ['uint8 product', tensor([16], { dtype: 'uint8' }).mul(tensor([17], { dtype: 'uint8' })), [16]],
    ['uint8 negation', tensor([1, 0], { dtype: 'uint8' }).neg(), [255, 0]],
    ['int32 product', tensor([65537], { dtype: 'int32' }).mul(65537), [131073]],
    ['int32 absolute value', tensor([-2147483648], { dtype: 'int32' }).abs(), [-2147483648]],
    ['int32 total', tensor([2147483647, 1], { dtype: 'int32' }).sum(), [-2147483648]],
  ])('%s', (_, x, expected) => {
    expect(Array.from(x.dataSync())).toEqual(expected);
  });
});

describe('the value of pad', () => {
  it('is rounded as elements are', () => {
    const x = pad(tensor([1]), [[0, 1]], { value: 0.1 });
    expect(result(cast(x, 'float64'))).toEqual(['float64', [1, Math.fround(0.1)]]);
  });

  it.each<[DType, number]>([
    ['int32', 0.5],
    ['int32', -Infinity],
    ['uint8', 256],
    ['bool', 2],
  ])('%s cannot be padded with %d', (dtype, value) => {
    expect(() => pad(of(dtype), [[1, 0]], { value })).toThrow(DTypeError);
  });
});

describe('casts', () => {
  const values = [NaN, Infinity, -Infinity, 2147483648, -2147483649, 300, 255.9, 2.9, -0.9, -2.9, -0, 1e-40];
  it.each<[DType, number[]]>([
    ['int32', [0, 2147483647, -2147483648, 2147483647, -2147483648, 300, 255, 2, 0, -2, 0, 0]],
    ['uint8', [0, 255, 0, 255, 0, 255, 255, 2, 0, 0, 0, 0]],
    ['bool', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1]],
    ['float64', values],
    ['float32', values.map(Math.fround)],
  ])('float64 to %s: towards 0, saturating, NaN is 0', (dtype, expected) => {
    const x = tensor(values, { dtype: 'float64' });
    expect(result(cast(x, dtype))).toEqual([dtype, expected]);
    // One element is a constant where a literal is folded.
    values.forEach((value, i) => {
      expect(result(cast(tensor(value, { dtype: 'float64' }), dtype))).toEqual([dtype, [expected[i]]]);
      expect(result(cast(value, dtype))).toEqual([dtype, [expected[i]]]);
      expect(result(compile(() => cast(value, dtype))())).toEqual([dtype, [expected[i]]]);
    });
  });

  it('integers to narrower ones saturate as well', () => {
    const x = tensor([-5, 0, 255, 256, 2147483647], { dtype: 'int32' });
    expect(result(cast(x, 'uint8'))).toEqual(['uint8', [0, 0, 255, 255, 255]]);
    expect(result(cast(x, 'bool'))).toEqual(['bool', [1, 0, 1, 1, 1]]);
    expect(result(cast(cast(x, 'bool'), 'float32'))).toEqual(['float32', [1, 0, 1, 1, 1]]);
  });

  it('what is no dtype is an error', () => {
    expect(() => cast(of('float32'), 'float16' as DType)).toThrow(DTypeError);
  });
});
