import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from '../src/backend.js';
import type { DType, TypedArray } from '../src/dtype.js';
import { allocateArray, bytesPerElement } from '../src/dtype.js';
import { BackendError } from '../src/errors.js';
import {
  binary,
  castTo,
  constantOf,
  forgetExpressions,
  guard,
  load,
  placeOf,
  registerOf,
  select,
  unary,
} from '../src/lowering/expression.js';
import type { IndexExpression } from '../src/lowering/index-expression.js';
import {
  addIndices,
  axisIndex,
  constantIndex,
  floorDivIndex,
  modIndex,
  scaleIndex,
  shiftIndex,
  valueIndex,
} from '../src/lowering/index-expression.js';
import type {
  Buffer,
  Combine,
  Expression,
  LetStatement,
  LoopAxis,
  Program,
  Statement,
  WordName,
} from '../src/lowering/program.js';
import type { BinaryName, UnaryName } from '../src/operation.js';
import { portable } from '../src/portable/portable.js';

/** A buffer of a test's program; its number is its place in the list. */
interface TestBuffer {
  readonly role: Buffer['role'];
  readonly dtype: DType;
  readonly length: number;
}

const input = (dtype: DType, length: number): TestBuffer => ({ role: 'input', dtype, length });
const output = (dtype: DType, length: number): TestBuffer => ({ role: 'output', dtype, length });

/** One kernel over buffers that lie one behind the other. */
function programOf(
  list: readonly TestBuffer[],
  body: readonly Statement[],
  checks: readonly string[] = [],
): Program {
  const slots = new Map<string, number>();
  let arenaBytes = 0;
  const buffers = list.map(({ role, dtype, length }): Buffer => {
    const slot = slots.get(role) ?? 0;
    slots.set(role, slot + 1);
    const offset = arenaBytes;
    if (role !== 'resident') arenaBytes += Math.ceil((length * bytesPerElement(dtype)) / 16) * 16;
    return { role, slot, dtype, length, offset };
  });
  const ports = (role: string) =>
    buffers.flatMap((buffer, i) =>
      buffer.role === role ? [{ buffer: i, shape: [buffer.length], dtype: buffer.dtype }] : [],
    );
  return {
    graph: { nodes: [], outputs: [], assignments: [], inputs: [], residents: [], scalars: 0 },
    buffers,
    kernels: [{ label: 'test', nodes: [], body }],
    arenaBytes,
    inputs: ports('input'),
    outputs: ports('output'),
    residents: slots.get('resident') ?? 0,
    scalars: buffers.find(({ role }) => role === 'scalars')?.length ?? 0,
    checks,
  };
}

function run(
  list: readonly TestBuffer[],
  body: readonly Statement[],
  inputs: readonly (readonly number[])[] = [],
): number[][] {
  const program = programOf(list, body);
  const arrays = program.inputs.map(({ dtype }, i) => {
    const array = allocateArray(dtype, inputs[i].length);
    array.set(inputs[i]);
    return array;
  });
  const results = portable().compile(program).run({ inputs: arrays, scalars: [], residents: [] });
  return results.outputs.map((each) => [...each]);
}

const loop = (axis: number, extent: number, body: Statement[], parallel = true): Statement => ({
  kind: 'loop',
  axis,
  extent,
  parallel,
  body,
});
const store = (buffer: number, index: IndexExpression, value: Expression): Statement => ({
  kind: 'store',
  buffer,
  index,
  value,
});
const setRegister = (register: number, value: Expression): LetStatement => ({ kind: 'let', register, value });
const reduce = (
  register: number,
  dtype: DType,
  combine: Combine,
  axes: LoopAxis[],
  value: Expression,
  body: LetStatement[] = [],
): Statement => ({ kind: 'reduce', register, dtype, combine, axes, body, value });

/** row · axis a + axis b */
function rowMajor(a: number, rows: number, b: number, columns: number): IndexExpression {
  return addIndices(scaleIndex(axisIndex(a, rows), columns), axisIndex(b, columns));
}

/** What an expression of the elements of inputs, all of one dtype, gives along one loop. */
function elementwise(
  dtype: DType,
  inputs: readonly (readonly number[])[],
  expression: (...loads: Expression[]) => Expression,
): number[] {
  forgetExpressions(); // which are one program's: the same load may have another dtype in the next
  const { length } = inputs[0];
  const i = axisIndex(0, length);
  const value = expression(...inputs.map((_, buffer) => load(buffer, i, dtype)));
  const buffers = [...inputs.map(() => input(dtype, length)), output(value.dtype, length)];
  return run(buffers, [loop(0, length, [store(inputs.length, i, value)])], inputs)[0];
}

const apply = (name: UnaryName, dtype: DType, values: number[]) =>
  elementwise(dtype, [values], (x) => unary(name, x));
const applyPair = (name: BinaryName | WordName, dtype: DType, result: DType, a: number[], b: number[]) =>
  elementwise(dtype, [a, b], (x, y) => binary(name, x, y, result));
const castAll = (from: DType, to: DType, values: number[]) =>
  elementwise(from, [values], (x) => castTo(x, to));

const MIN = -2147483648;
const MAX = 2147483647;

beforeEach(forgetExpressions);

describe('elementwise', () => {
  test('float32 rounds after every operation, float64 does not', () => {
    // 16777216 + 1 is not a float32: adding 1 twice changes nothing, adding 2 once would.
    const twice = (dtype: DType) =>
      elementwise(dtype, [[16777216], [1]], (x, y) => binary('add', binary('add', x, y, dtype), y, dtype));
    expect(twice('float32')).toEqual([16777216]);
    expect(twice('float64')).toEqual([16777218]);
    expect(applyPair('div', 'float32', 'float32', [1], [3])).toEqual([Math.fround(1 / 3)]);
  });

  test('int32 wraps modulo 2^32, products included; uint8 modulo 256', () => {
    expect(applyPair('add', 'int32', 'int32', [MAX, MIN], [1, -1])).toEqual([MIN, MAX]);
    // (2^31 - 1)^2 = 2^62 - 2^32 + 1; 123456789 * 987654321 = 121932631112635269 ≡ -67153019 modulo 2^32.
    expect(applyPair('mul', 'int32', 'int32', [MAX, 123456789], [MAX, 987654321])).toEqual([1, -67153019]);
    expect(apply('neg', 'int32', [MIN, 0])).toEqual([MIN, 0]);
    expect(apply('abs', 'int32', [MIN, -3])).toEqual([MIN, 3]);
    expect(applyPair('sub', 'uint8', 'uint8', [3], [5])).toEqual([254]);
    expect(applyPair('mul', 'uint8', 'uint8', [16, 255], [17, 255])).toEqual([16, 1]);
    expect(apply('neg', 'uint8', [1])).toEqual([255]);
  });

  test('maximum and minimum propagate NaN and know the signs of zeros', () => {
    expect(applyPair('maximum', 'float32', 'float32', [NaN, 1, -0, 2], [1, NaN, 0, 3])).toEqual([
      NaN,
      NaN,
      0,
      3,
    ]);
    expect(applyPair('minimum', 'float32', 'float32', [NaN, 1, 0, 2], [1, NaN, -0, 3])).toEqual([
      NaN,
      NaN,
      -0,
      2,
    ]);
  });

  test('comparisons with NaN are false but for notEqual; -0 equals 0', () => {
    const compare = (name: BinaryName) => applyPair(name, 'float64', 'bool', [NaN, -0, 1, 2], [NaN, 0, 2, 1]);
    expect(compare('equal')).toEqual([0, 1, 0, 0]);
    expect(compare('notEqual')).toEqual([1, 0, 1, 1]);
    expect(compare('less')).toEqual([0, 0, 1, 0]);
    expect(compare('lessEqual')).toEqual([0, 1, 1, 0]);
  });

  test('logic on bool', () => {
    const pair = (name: BinaryName) => applyPair(name, 'bool', 'bool', [0, 0, 1, 1], [0, 1, 0, 1]);
    expect(pair('and')).toEqual([0, 0, 0, 1]);
    expect(pair('or')).toEqual([0, 1, 1, 1]);
    expect(pair('xor')).toEqual([0, 1, 1, 0]);
    expect(apply('not', 'bool', [0, 1])).toEqual([1, 0]);
  });

  test('pow is that of IEEE 754, where 1 and 0 win over NaN', () => {
    const x = [NaN, 1, 1, -1, -1, 2, -2, 0];
    const y = [0, NaN, Infinity, Infinity, -Infinity, 0.5, 0.5, -1];
    expect(applyPair('pow', 'float64', 'float64', x, y)).toEqual([1, 1, 1, 1, 1, Math.SQRT2, NaN, Infinity]);
  });

  test('round goes to the even neighbour, sign keeps zeros and NaN', () => {
    const halves = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6, 8388609, Infinity, NaN];
    expect(apply('round', 'float32', halves)).toEqual([0, 2, 2, -0, -2, -2, 2, -3, 8388609, Infinity, NaN]);
    expect(apply('sign', 'float32', [-0, 0, NaN, -7, 7])).toEqual([-0, 0, NaN, -1, 1]);
  });

  test('sigmoid and softplus neither overflow nor lose their tails', () => {
    expect(apply('sigmoid', 'float64', [0, 1000, -1000, -700, NaN])).toEqual([
      0.5,
      1,
      0,
      Math.exp(-700),
      NaN,
    ]);
    expect(apply('softplus', 'float64', [0, 1000, -1000, -700, NaN])).toEqual([
      Math.LN2,
      1000,
      0,
      Math.exp(-700),
      NaN,
    ]);
  });

  test('words add modulo 2^32, rotate and shift as unsigned', () => {
    const word = (name: WordName, a: number[], b: number[]) => applyPair(name, 'int32', 'int32', a, b);
    expect(word('wordAdd', [MAX], [2])).toEqual([-2147483647]);
    expect(word('wordXor', [-1], [0x0f0f0f0f])).toEqual([~0x0f0f0f0f]);
    expect(word('rotateLeft', [MIN, 0x12345678, 5], [1, 8, 0])).toEqual([1, 0x34567812, 5]);
    expect(word('shiftRight', [-1, MIN], [1, 31])).toEqual([MAX, 1]);
  });

  test('select and chains of more lanes than a block', () => {
    const n = 300;
    const x = Array.from({ length: n }, (_, i) => i - 150);
    const zero = constantOf(0, 'float32');
    const relu = elementwise('float32', [x], (a) => select(binary('less', zero, a, 'bool'), a, zero));
    expect(relu).toEqual(x.map((a) => (a > 0 ? a : 0)));
  });
});

describe('casts', () => {
  test('float to integer truncates and saturates, NaN gives 0', () => {
    const values = [1.9, -1.9, -0.5, 3e9, -3e9, Infinity, -Infinity, NaN];
    expect(castAll('float64', 'int32', values)).toEqual([1, -1, 0, MAX, MIN, MAX, MIN, 0]);
    expect(castAll('float32', 'uint8', values)).toEqual([1, 0, 0, 255, 0, 255, 0, 0]);
    expect(castAll('int32', 'uint8', [-1, 255, 256])).toEqual([0, 255, 255]);
  });

  test('bool is what is not zero, NaN included', () => {
    expect(castAll('float32', 'bool', [0, -0, NaN, 0.5])).toEqual([0, 0, 1, 1]);
    expect(castAll('bool', 'float32', [0, 1])).toEqual([0, 1]);
  });

  test('int32 to float32 rounds', () => {
    expect(castAll('int32', 'float32', [16777217])).toEqual([16777216]);
  });
});

describe('loads', () => {
  test('broadcast along both axes of a nest', () => {
    const [i, j] = [axisIndex(0, 2), axisIndex(1, 3)];
    const sum = binary('add', load(0, i, 'float32'), load(1, j, 'float32'), 'float32');
    const body = [loop(0, 2, [loop(1, 3, [store(2, rowMajor(0, 2, 1, 3), sum)])])];
    const buffers = [input('float32', 2), input('float32', 3), output('float32', 6)];
    expect(
      run(buffers, body, [
        [10, 20],
        [1, 2, 3],
      ]),
    ).toEqual([[11, 12, 13, 21, 22, 23]]);
  });

  test('transposed, strided and backwards', () => {
    const i = axisIndex(0, 3);
    const backwards = shiftIndex(scaleIndex(i, -2), 5);
    const buffers = [input('int32', 6), output('int32', 3)];
    expect(
      run(buffers, [loop(0, 3, [store(1, i, load(0, backwards, 'int32'))])], [[0, 1, 2, 3, 4, 5]]),
    ).toEqual([[5, 3, 1]]);
    const transposed = addIndices(axisIndex(0, 2), scaleIndex(axisIndex(1, 3), 2));
    const body = [loop(0, 2, [loop(1, 3, [store(1, rowMajor(0, 2, 1, 3), load(0, transposed, 'int32'))])])];
    expect(run([input('int32', 6), output('int32', 6)], body, [[0, 1, 2, 3, 4, 5]])).toEqual([
      [0, 2, 4, 1, 3, 5],
    ]);
  });

  test('through quotients and remainders of the counter', () => {
    const i = axisIndex(0, 6);
    const swapped = addIndices(scaleIndex(modIndex(i, 2), 3), floorDivIndex(i, 2));
    const buffers = [input('float64', 6), output('float64', 6)];
    expect(
      run(buffers, [loop(0, 6, [store(1, i, load(0, swapped, 'float64'))])], [[0, 1, 2, 3, 4, 5]]),
    ).toEqual([[0, 3, 1, 4, 2, 5]]);
  });

  test('a place is an int32', () => {
    const i = axisIndex(0, 4);
    const place = placeOf(shiftIndex(scaleIndex(i, -3), 1));
    expect(run([output('int32', 4)], [loop(0, 4, [store(0, i, place)])])).toEqual([[1, -2, -5, -8]]);
  });

  test('computed indices outside their range stay inside the buffer', () => {
    const i = axisIndex(0, 4);
    const at = valueIndex(load(1, i, 'int32'), 3);
    const buffers = [input('float32', 3), input('int32', 4), output('float32', 4)];
    const body = [loop(0, 4, [store(2, i, load(0, at, 'float32'))])];
    expect(
      run(buffers, body, [
        [10, 20, 30],
        [2, 0, -5, 99],
      ]),
    ).toEqual([[30, 10, 10, 30]]);
    forgetExpressions();
    const row = valueIndex(load(1, axisIndex(0, 2), 'int32'), 3);
    const element = load(0, addIndices(scaleIndex(row, 2), axisIndex(1, 2)), 'float32');
    const rows = [loop(0, 2, [loop(1, 2, [store(2, rowMajor(0, 2, 1, 2), element)])])];
    const matrix = [input('float32', 6), input('int32', 2), output('float32', 4)];
    expect(
      run(matrix, rows, [
        [10, 11, 20, 21, 30, 31],
        [-1, 3],
      ]),
    ).toEqual([[10, 11, 30, 31]]);
  });

  test('a guard takes the other value outside, at every edge', () => {
    const i = axisIndex(0, 7);
    const inner = shiftIndex(i, -2);
    const padded = guard(
      [{ index: inner, lower: 0, upper: 3 }],
      () => unary('neg', load(0, inner, 'float32')),
      constantOf(9, 'float32'),
    );
    const buffers = [input('float32', 3), output('float32', 7)];
    expect(run(buffers, [loop(0, 7, [store(1, i, padded)])], [[1, 2, 3]])).toEqual([
      [9, 9, -1, -2, -3, 9, 9],
    ]);
  });
});

describe('loops', () => {
  test('with no iterations do nothing', () => {
    const store7 = store(0, constantIndex(0), constantOf(7, 'float32'));
    expect(run([output('float32', 1)], [loop(0, 0, [store7])])).toEqual([[0]]);
    expect(run([output('float32', 1)], [loop(0, 0, [loop(1, 3, [store7])])])).toEqual([[0]]);
    expect(run([output('float32', 0)], [])).toEqual([[]]);
  });

  test('share a register with the loops inside', () => {
    const row = setRegister(0, unary('neg', load(0, axisIndex(0, 2), 'float32')));
    const value = binary(
      'mul',
      registerOf(0, 'float32', new Set([0])),
      load(1, axisIndex(1, 3), 'float32'),
      'float32',
    );
    const body = [loop(0, 2, [row, loop(1, 3, [store(2, rowMajor(0, 2, 1, 3), value)])])];
    const buffers = [input('float32', 2), input('float32', 3), output('float32', 6)];
    expect(
      run(buffers, body, [
        [1, 2],
        [1, 2, 3],
      ]),
    ).toEqual([[-1, -2, -3, -2, -4, -6]]);
  });

  test('a register keeps what was there before a store', () => {
    // swaps two buffers' elements
    const i = axisIndex(0, 2);
    const body = [
      loop(0, 2, [
        setRegister(0, load(0, i, 'float32')),
        setRegister(1, load(1, i, 'float32')),
        store(0, i, registerOf(1, 'float32', new Set([0]))),
        store(1, i, registerOf(0, 'float32', new Set([0]))),
      ]),
    ];
    const backend = portable();
    const program = programOf(
      [
        { role: 'resident', dtype: 'float32', length: 2 },
        { role: 'resident', dtype: 'float32', length: 2 },
      ],
      body,
    );
    const residents = [backend.allocate('float32', 2), backend.allocate('float32', 2)];
    backend.write(residents[0], Float32Array.of(1, 2));
    backend.write(residents[1], Float32Array.of(3, 4));
    backend.compile(program).run({ inputs: [], scalars: [], residents });
    expect(residents.map((storage) => [...backend.read(storage)])).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });
});

describe('reductions', () => {
  const matrix = [3, 1, 2, -1, 5, 0];
  const perRow = (combine: Combine, dtype: DType, result: DType, values = matrix): number[] => {
    forgetExpressions();
    const value = load(0, rowMajor(0, 2, 1, values.length / 2), dtype);
    const extent = values.length / 2;
    const body = [
      loop(0, 2, [
        reduce(0, result, combine, [{ axis: 1, extent }], castTo(value, result)),
        store(1, axisIndex(0, 2), registerOf(0, result, new Set([0]))),
      ]),
    ];
    return run([input(dtype, values.length), output(result, 2)], body, [values])[0];
  };

  test('along rows', () => {
    expect(perRow('sum', 'float32', 'float32')).toEqual([6, 4]);
    expect(perRow('prod', 'float64', 'float64')).toEqual([6, -0]);
    expect(perRow('max', 'int32', 'int32')).toEqual([3, 5]);
    expect(perRow('min', 'float32', 'float32')).toEqual([1, -1]);
  });

  test('along columns, and over both axes', () => {
    const value = load(0, rowMajor(0, 2, 1, 3), 'float32');
    const columns = [
      loop(1, 3, [
        reduce(0, 'float32', 'max', [{ axis: 0, extent: 2 }], value),
        store(1, axisIndex(1, 3), registerOf(0, 'float32', new Set([1]))),
      ]),
    ];
    const buffers = [input('float32', 6), output('float32', 3)];
    expect(run(buffers, columns, [matrix])).toEqual([[3, 5, 2]]);
    const axes = [
      { axis: 0, extent: 2 },
      { axis: 1, extent: 3 },
    ];
    const all = [
      reduce(0, 'float32', 'sum', axes, value),
      store(1, constantIndex(0), registerOf(0, 'float32', new Set())),
    ];
    expect(run([input('float32', 6), output('float32', 1)], all, [matrix])).toEqual([[10]]);
  });

  test('over nothing give what changes nothing', () => {
    const empty = (combine: Combine, dtype: DType): number => {
      forgetExpressions();
      const value = load(0, axisIndex(0, 0), dtype);
      const body = [
        reduce(0, dtype, combine, [{ axis: 0, extent: 0 }], value),
        store(1, constantIndex(0), registerOf(0, dtype, new Set())),
      ];
      return run([input(dtype, 0), output(dtype, 1)], body, [[]])[0][0];
    };
    expect(empty('sum', 'float32')).toBe(0);
    expect(empty('prod', 'int32')).toBe(1);
    expect(empty('max', 'float32')).toBe(-Infinity);
    expect(empty('min', 'float64')).toBe(Infinity);
    expect(empty('max', 'int32')).toBe(MIN);
    expect(empty('min', 'int32')).toBe(MAX);
    expect(empty('min', 'uint8')).toBe(255);
    expect(empty('max', 'bool')).toBe(0);
    expect(empty('min', 'bool')).toBe(1);
  });

  test('float32 sums accumulate in float64 and round once; int32 ones wrap', () => {
    // One by one in float32 the ones would vanish beside 2^24.
    const many = [16777216, ...new Array<number>(299).fill(1)];
    expect(perRow('sum', 'float32', 'float32', [...many, ...many])).toEqual([16777516, 16777516]);
    expect(perRow('sum', 'int32', 'int32', [MAX, 1, MIN, -1])).toEqual([MIN, MAX]);
    expect(perRow('prod', 'int32', 'int32', [MAX, MAX, 65536, 65537])).toEqual([1, 65536]);
    expect(perRow('sum', 'uint8', 'int32', [200, 200, 1, 2])).toEqual([400, 3]);
  });

  test('max and min propagate NaN', () => {
    expect(perRow('max', 'float32', 'float32', [1, NaN, 2, -0, 0, -1])).toEqual([NaN, 0]);
    expect(perRow('min', 'float32', 'float32', [NaN, 1, 2, 0, -0, 1])).toEqual([NaN, -0]);
  });

  describe('argMax and argMin', () => {
    const places = (combine: Combine, values: number[]): number[] => {
      const n = values.length / 2;
      const along = (register: number, rows: boolean): Statement[] => {
        const value = load(0, rowMajor(0, 2, 1, n), 'float32');
        const axis = rows ? { axis: 1, extent: n } : { axis: 0, extent: 2 };
        const place = registerOf(register, 'int32', new Set([rows ? 0 : 1]));
        const body = [
          { ...reduce(register, 'int32', combine, [axis], value) },
          store(1, rows ? axisIndex(0, 2) : shiftIndex(axisIndex(1, n), 2), place),
        ];
        return [rows ? loop(0, 2, body) : loop(1, n, body)];
      };
      const body = [...along(0, true), ...along(1, false)];
      return run([input('float32', 2 * n), output('int32', 2 + n)], body, [values])[0];
    };

    test('the first winner wins, the first NaN before all', () => {
      expect(places('argMax', [1, 3, 3, 0, NaN, NaN])).toEqual([1, 1, 0, 1, 1]);
      expect(places('argMin', [5, -1, -1, NaN, -7, NaN])).toEqual([1, 0, 1, 1, 1]);
      expect(places('argMax', [-Infinity, -Infinity, -Infinity, -Infinity])).toEqual([0, 0, 0, 0]);
    });

    test('far beyond a block, and row-major over two axes', () => {
      const values = new Array<number>(600).fill(0);
      values[299] = 1;
      values[450] = 1;
      expect(places('argMax', values).slice(0, 2)).toEqual([299, 150]);
      const axes = [
        { axis: 0, extent: 2 },
        { axis: 1, extent: 300 },
      ];
      const both = [
        reduce(0, 'int32', 'argMax', axes, load(0, rowMajor(0, 2, 1, 300), 'float32')),
        store(1, constantIndex(0), registerOf(0, 'int32', new Set())),
      ];
      values[299] = 0;
      expect(run([input('float32', 600), output('int32', 1)], both, [values])).toEqual([[450]]);
    });
  });

  test('share parts through their own registers', () => {
    // mean of squares of x - 1: 4, 0, 1
    const shifted = binary('sub', load(0, axisIndex(0, 3), 'float32'), constantOf(1, 'float32'), 'float32');
    const local = registerOf(0, 'float32', new Set([0]));
    const body = [
      reduce(1, 'float32', 'sum', [{ axis: 0, extent: 3 }], binary('mul', local, local, 'float32'), [
        setRegister(0, shifted),
      ]),
      store(1, constantIndex(0), registerOf(1, 'float32', new Set())),
    ];
    expect(run([input('float32', 3), output('float32', 1)], body, [[3, 1, 2]])).toEqual([[5]]);
  });

  test('may be the same for every iteration of the loop they are in', () => {
    const negated = unary('neg', registerOf(0, 'float32', new Set()));
    const body = [
      loop(0, 2, [
        reduce(0, 'float32', 'sum', [{ axis: 1, extent: 3 }], load(0, axisIndex(1, 3), 'float32')),
        store(1, axisIndex(0, 2), negated),
      ]),
    ];
    expect(run([input('float32', 3), output('float32', 2)], body, [[1, 2, 3]])).toEqual([[-6, -6]]);
  });

  test('softmax: two reductions and a loop share a row', () => {
    const at = rowMajor(0, 2, 1, 3);
    const x = load(0, at, 'float64');
    const axes = [{ axis: 1, extent: 3 }];
    const e = unary('exp', binary('sub', x, registerOf(0, 'float64', new Set([0])), 'float64'));
    const body = [
      loop(0, 2, [
        reduce(0, 'float64', 'max', axes, x),
        reduce(1, 'float64', 'sum', axes, e),
        loop(1, 3, [store(1, at, binary('div', e, registerOf(1, 'float64', new Set([0])), 'float64'))]),
      ]),
    ];
    const [result] = run([input('float64', 6), output('float64', 6)], body, [
      [0, Math.LN2, Math.log(5), 1e3, 1e3, 0],
    ]);
    [1 / 8, 2 / 8, 5 / 8, 1 / 2, 1 / 2, 0].forEach((expected, i) => {
      expect(result[i]).toBeCloseTo(expected, 14);
    });
  });
});

describe('contractions', () => {
  /** max(a · b + bias, 0) with a [rows, depth], b [depth, columns] or transposed, computed by the definition. */
  function check(
    rows: number,
    depth: number,
    columns: number,
    transposeA: boolean,
    transposeB: boolean,
  ): void {
    const random = (n: number, seed: number) => Array.from({ length: n }, (_, i) => ((i * seed) % 17) - 8);
    const [a, b, bias] = [random(rows * depth, 7), random(depth * columns, 5), random(columns, 3)];
    const left = transposeA ? rowMajor(2, depth, 0, rows) : rowMajor(0, rows, 2, depth);
    const right = transposeB ? rowMajor(1, columns, 2, depth) : rowMajor(2, depth, 1, columns);
    const product = binary('mul', load(0, left, 'float32'), load(1, right, 'float32'), 'float32');
    const sum = registerOf(0, 'float32', new Set([0, 1]));
    const biased = binary('add', sum, load(2, axisIndex(1, columns), 'float32'), 'float32');
    const body = [
      loop(0, rows, [
        loop(1, columns, [
          reduce(0, 'float32', 'sum', [{ axis: 2, extent: depth }], product),
          store(
            3,
            rowMajor(0, rows, 1, columns),
            binary('maximum', biased, constantOf(0, 'float32'), 'float32'),
          ),
        ]),
      ]),
    ];
    const buffers = [a, b, bias].map((values) => input('float32', values.length));
    const [result] = run([...buffers, output('float32', rows * columns)], body, [a, b, bias]);
    // Small whole numbers: every order of adding them up is exact.
    const expected = Array.from({ length: rows * columns }, (_, place) => {
      const [i, j] = [Math.floor(place / columns), place % columns];
      let total = bias[j];
      for (let k = 0; k < depth; k++) {
        total +=
          a[transposeA ? k * rows + i : i * depth + k] * b[transposeB ? j * depth + k : k * columns + j];
      }
      return Math.max(total, 0);
    });
    expect(result).toEqual(expected);
  }

  test('match the definition for all shapes and transpositions', () => {
    const extent = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(extent, extent, extent, fc.boolean(), fc.boolean(), (rows, depth, columns, ta, tb) => {
        forgetExpressions();
        check(rows, depth, columns, ta, tb);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('match the definition beyond the blocks in which they are packed', () => {
    for (const transpose of [false, true]) {
      check(67, 259, 131, transpose, !transpose);
      check(130, 300, 5, transpose, transpose);
      check(3, 515, 200, !transpose, transpose);
    }
  });

  test('a padded convolution with a batch, channels and a 3 x 3 window', () => {
    // input [2, 2, 4, 5], weights [3, 2, 3, 3], result [2, 3, 4, 5]: axes 0-3 result, 4-6 channel and window
    const [n, o, y, x] = [axisIndex(0, 2), axisIndex(1, 3), axisIndex(2, 4), axisIndex(3, 5)];
    const [c, ky, kx] = [axisIndex(4, 2), axisIndex(5, 3), axisIndex(6, 3)];
    const row = shiftIndex(addIndices(y, ky), -1);
    const column = shiftIndex(addIndices(x, kx), -1);
    const at = addIndices(scaleIndex(n, 40), scaleIndex(c, 20), scaleIndex(row, 5), column);
    const padded = guard(
      [
        { index: row, lower: 0, upper: 4 },
        { index: column, lower: 0, upper: 5 },
      ],
      () => load(0, at, 'float64'),
      constantOf(0, 'float64'),
    );
    const weight = load(1, addIndices(scaleIndex(o, 18), scaleIndex(c, 9), scaleIndex(ky, 3), kx), 'float64');
    const axes = [
      { axis: 4, extent: 2 },
      { axis: 5, extent: 3 },
      { axis: 6, extent: 3 },
    ];
    const target = addIndices(scaleIndex(n, 60), scaleIndex(o, 20), scaleIndex(y, 5), x);
    const inner = [
      reduce(0, 'float64', 'sum', axes, binary('mul', padded, weight, 'float64')),
      store(2, target, registerOf(0, 'float64', new Set([0, 1, 2, 3]))),
    ];
    const body = [loop(0, 2, [loop(1, 3, [loop(2, 4, [loop(3, 5, inner)])])])];
    const image = Array.from({ length: 80 }, (_, i) => ((i * 7) % 11) - 5);
    const weights = Array.from({ length: 54 }, (_, i) => ((i * 5) % 13) - 6);
    const [result] = run([input('float64', 80), input('float64', 54), output('float64', 120)], body, [
      image,
      weights,
    ]);

    const expected: number[] = [];
    for (let in_ = 0; in_ < 2; in_++)
      for (let io = 0; io < 3; io++)
        for (let iy = 0; iy < 4; iy++)
          for (let ix = 0; ix < 5; ix++) {
            let total = 0;
            for (let ic = 0; ic < 2; ic++)
              for (let jy = -1; jy <= 1; jy++)
                for (let jx = -1; jx <= 1; jx++) {
                  const inside = iy + jy >= 0 && iy + jy < 4 && ix + jx >= 0 && ix + jx < 5;
                  const pixel = inside ? image[in_ * 40 + ic * 20 + (iy + jy) * 5 + ix + jx] : 0;
                  total += pixel * weights[io * 18 + ic * 9 + (jy + 1) * 3 + jx + 1];
                }
            expected.push(total);
          }
    expect(result).toEqual(expected);
  });
});

describe('scan, accumulate, argsort', () => {
  const runningTotals = (dtype: DType, values: number[], rows: number): number[] => {
    forgetExpressions();
    const n = values.length / rows;
    const at = rowMajor(0, rows, 1, n);
    const body: Statement[] = [
      loop(0, rows, [
        {
          kind: 'scan',
          register: 0,
          dtype,
          axis: { axis: 1, extent: n },
          value: load(0, at, dtype),
          body: [store(1, at, registerOf(0, dtype, new Set([0, 1])))],
        },
      ]),
    ];
    return run([input(dtype, values.length), output(dtype, values.length)], body, [values])[0];
  };

  test('a scan gives the running total of each row', () => {
    expect(runningTotals('float32', [1, 2, 3, 10, 20, 30], 2)).toEqual([1, 3, 6, 10, 30, 60]);
    expect(runningTotals('int32', [MAX, 1, 1], 1)).toEqual([MAX, MIN, MIN + 1]);
    expect(runningTotals('float64', [1, NaN, 2], 1)).toEqual([1, NaN, NaN]);
  });

  test('accumulating adds in the order of the loop, to the same place too', () => {
    const i = axisIndex(0, 5);
    const at = valueIndex(load(0, i, 'int32'), 3);
    const body: Statement[] = [
      loop(2, 3, [store(2, axisIndex(2, 3), constantOf(0, 'float32'))]),
      loop(0, 5, [{ kind: 'accumulate', buffer: 2, index: at, value: load(1, i, 'float32') }], false),
    ];
    const buffers = [input('int32', 5), input('float32', 5), output('float32', 3)];
    // 1 is lost beside 2^24 if it comes second, and is not if the large ones cancel first.
    const updates = [16777216, 1, -16777216, 5, 7];
    expect(run(buffers, body, [[1, 1, 1, 0, 0], updates])).toEqual([[12, 0, 0]]);
    expect(run(buffers, body, [[1, 2, 1, 2, 1], updates])).toEqual([[0, 7, 6]]);
  });

  const order = (values: number[], descending: boolean, rows = 1): number[] => {
    const n = values.length / rows;
    const index = scaleIndex(axisIndex(0, rows), n);
    const body: Statement[] = [
      loop(0, rows, [
        {
          kind: 'argsort',
          length: n,
          descending,
          source: { buffer: 0, index },
          target: { buffer: 1, index },
        },
      ]),
    ];
    return run([input('float32', values.length), output('int32', values.length)], body, [values])[0];
  };

  test('argsort is stable both ways; NaN is the greatest; zeros are equal', () => {
    const values = [2, NaN, -0, 2, 0, -Infinity, NaN, Infinity];
    expect(order(values, false)).toEqual([5, 2, 4, 0, 3, 7, 1, 6]);
    expect(order(values, true)).toEqual([1, 6, 7, 0, 3, 2, 4, 5]);
    expect(order([3, 1, 2, 7, 9, 8], false, 2)).toEqual([1, 2, 0, 0, 2, 1]);
  });
});

describe('the backend', () => {
  const increment = (length: number): Program => {
    const i = axisIndex(0, length);
    const sum = binary('add', load(1, i, 'float32'), load(0, i, 'float32'), 'float32');
    return programOf(
      [{ role: 'resident', dtype: 'float32', length }, input('float32', length), output('float32', length)],
      [loop(0, length, [store(2, i, sum), store(0, i, sum)])],
    );
  };
  const runOn = (residents: Storage[], program: Program, ...inputs: TypedArray[]) =>
    portable().compile(program).run({ inputs, scalars: [], residents });

  test('updates residents in place, and what it returns is the caller’s', () => {
    const backend = portable();
    const executable = backend.compile(increment(2));
    const storage = backend.allocate('float32', 2);
    expect([...backend.read(storage)]).toEqual([0, 0]);
    backend.write(storage, Float32Array.of(1, 2));
    const bindings = { inputs: [Float32Array.of(10, 20)], scalars: [], residents: [storage] };
    const first = executable.run(bindings).outputs[0];
    const second = executable.run(bindings).outputs[0];
    expect([...first]).toEqual([11, 22]);
    expect([...second]).toEqual([21, 42]);
    expect([...backend.read(storage)]).toEqual([21, 42]);
  });

  test('an executable still runs when a larger program has replaced the arena', () => {
    const backend = portable();
    const small = backend.compile(increment(2));
    const bind = (length: number) => ({
      inputs: [new Float32Array(length).fill(1)],
      scalars: [],
      residents: [backend.allocate('float32', length)],
    });
    expect([...small.run(bind(2)).outputs[0]]).toEqual([1, 1]);
    expect(backend.compile(increment(5000)).run(bind(5000)).outputs[0][4999]).toBe(1);
    expect([...small.run(bind(2)).outputs[0]]).toEqual([1, 1]);
  });

  test('scalars are float64', () => {
    const value = load(0, constantIndex(1), 'float64');
    const program = programOf(
      [{ role: 'scalars', dtype: 'float64', length: 2 }, output('float64', 1)],
      [store(1, constantIndex(0), value)],
    );
    const executable = portable().compile(program);
    expect(executable.run({ inputs: [], scalars: [1, 0.1], residents: [] }).outputs[0][0]).toBe(0.1);
    expect(executable.run({ inputs: [], scalars: [1, 0.2], residents: [] }).outputs[0][0]).toBe(0.2);
  });

  test('a failed check is reported by its number, and only in the run in which it fails', () => {
    const i = axisIndex(0, 3);
    const positive = (buffer: number) =>
      binary('less', constantOf(0, 'float32'), load(buffer, i, 'float32'), 'bool');
    const program = programOf(
      [input('float32', 3), input('float32', 3), { role: 'flags', dtype: 'int32', length: 2 }],
      [
        loop(0, 3, [
          { kind: 'check', flag: 0, condition: positive(0) },
          { kind: 'check', flag: 1, condition: positive(1) },
        ]),
      ],
      ['first', 'second'],
    );
    const executable = portable().compile(program);
    const failed = (a: number[], b: number[]) =>
      executable.run({ inputs: [Float32Array.from(a), Float32Array.from(b)], scalars: [], residents: [] })
        .failedCheck;
    expect(failed([1, 1, 1], [1, 1, 1])).toBeUndefined();
    expect(failed([1, 1, 1], [1, -1, 1])).toBe(1);
    expect(failed([1, 1, -1], [1, -1, 1])).toBe(0);
    expect(failed([1, 1, 1], [1, 1, 1])).toBeUndefined();
  });

  test('refuses storage of another backend', () => {
    const foreign: Storage = { dtype: 'float32', length: 2 };
    expect(() => runOn([foreign], increment(2), new Float32Array(2))).toThrow(BackendError);
  });
});
