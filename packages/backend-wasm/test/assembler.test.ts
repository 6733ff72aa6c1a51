import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ModuleBuilder, type FunctionBuilder, type ValueType } from '../src/assembler.js';
import { plainOpcodes, type PlainOp } from '../src/opcodes.js';

type Imports = Record<string, Record<string, WebAssembly.ImportValue>>;
type Exported = (...parameters: (number | bigint)[]) => number | bigint;

/** Assembles one exported function and instantiates it. */
function assemble(
  parameters: ValueType[],
  results: ValueType[],
  write: (f: FunctionBuilder, module: ModuleBuilder) => void,
): Exported {
  const module = new ModuleBuilder();
  write(module.function(parameters, results, 'run'), module);
  return exported(module, 'run');
}

function exported(module: ModuleBuilder, name: string, imports: Imports = {}): Exported {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), imports);
  return instance.exports[name] as Exported;
}

/** A module with 64 KiB of imported memory, and typed views of it. */
function withMemory(parameters: ValueType[], results: ValueType[], write: (f: FunctionBuilder) => void) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const module = new ModuleBuilder();
  module.importMemory('host', 'memory', { initial: 1, maximum: 1 });
  write(module.function(parameters, results, 'run'));
  return {
    run: exported(module, 'run', { host: { memory } }),
    bytes: new Uint8Array(memory.buffer),
    floats: new Float32Array(memory.buffer),
    doubles: new Float64Array(memory.buffer),
    integers: new Int32Array(memory.buffer),
  };
}

describe('constants', () => {
  const edges = [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 20, 2 ** 27 - 1, 2 ** 27, 2 ** 31 - 1];

  it('i32.const keeps every integer, at the edges of LEB128 too', () => {
    for (const value of edges.flatMap((edge) => [edge, -edge, -edge - 1])) {
      expect(assemble([], ['i32'], (f) => f.i32Const(value))()).toBe(value | 0);
    }
    fc.assert(
      fc.property(fc.integer(), (value) => assemble([], ['i32'], (f) => f.i32Const(value))() === value),
      { numRuns: 50 },
    );
    expect(assemble([], ['i32'], (f) => f.i32Const(0xffffffff))()).toBe(-1);
  });

  it('i64.const keeps every integer', () => {
    const edges64 = [0n, 63n, 64n, 2n ** 31n, 2n ** 32n, 2n ** 62n, 2n ** 63n - 1n];
    for (const value of edges64.flatMap((edge) => [edge, -edge - 1n])) {
      expect(assemble([], ['i64'], (f) => f.i64Const(value))()).toBe(value);
    }
  });

  it('floats keep -0, infinities and subnormals', () => {
    for (const value of [-0, 0, Infinity, -Infinity, 2 ** -149, -(2 ** -126), Math.fround(0.1)]) {
      expect(assemble([], ['f32'], (f) => f.f32Const(value))()).toBe(value);
      expect(assemble([], ['f64'], (f) => f.f64Const(value))()).toBe(value);
    }
    expect(assemble([], ['f64'], (f) => f.f64Const(Math.PI))()).toBe(Math.PI);
  });

  it('an instruction that is not known is refused', () => {
    expect(() => assemble([], [], (f) => f.op('i32x4.half' as PlainOp))).toThrow(/expected an integer/);
  });

  it('an integer that does not fit is refused', () => {
    expect(() => assemble([], ['i32'], (f) => f.i32Const(2 ** 32))).toThrow(/32-bit integer/);
    expect(() => assemble([], ['i32'], (f) => f.i32Const(0.5))).toThrow(/32-bit integer/);
    expect(() => assemble([], [], (f) => f.get(-1))).toThrow(/expected an integer/);
    expect(() => assemble([], [], (f) => f.i32Const(0).memory('i32.load', 2 ** 32))).toThrow(
      /expected an integer/,
    );
  });

  it('vector constants hold their lanes in order', () => {
    const { run, floats, integers, doubles } = withMemory([], [], (f) => {
      f.i32Const(0).f32x4Const(1, -0, Infinity, 2.5).memory('v128.store');
      f.i32Const(0).f32x4Const(7).memory('v128.store', 16);
      f.i32Const(0).i32x4Const(1, -2, 0xffffffff, 4).memory('v128.store', 32);
      f.i32Const(0).f64x2Const(Math.E, -1).memory('v128.store', 48);
    });
    run();
    expect([...floats.slice(0, 8)]).toEqual([1, -0, Infinity, 2.5, 7, 7, 7, 7]);
    expect([...integers.slice(8, 12)]).toEqual([1, -2, -1, 4]);
    expect([...doubles.slice(6, 8)]).toEqual([Math.E, -1]);
  });
});

describe('locals', () => {
  it('a released local is handed out again, to its own type only', () => {
    const f = new ModuleBuilder().function(['i32'], []);
    const [a, b] = [f.local('f32'), f.local('v128')];
    expect([a, b]).toEqual([1, 2]);
    f.release(a, b);
    expect(f.local('i32')).toBe(3);
    expect(f.local('v128')).toBe(b);
    expect(f.local('f32')).toBe(a);
    expect(f.local('f32')).toBe(4);
  });

  it('parameters cannot be released, nor anything twice', () => {
    const f = new ModuleBuilder().function(['i32'], []);
    expect(() => f.release(0)).toThrow(/not a local/);
    const local = f.local('f64');
    f.release(local);
    expect(() => f.release(local)).toThrow(/not a local/);
  });

  it('a vector constant takes one local, however often it is used, and never a released one', () => {
    const { run, integers } = withMemory([], [], (f) => {
      const temporary = f.local('v128');
      f.i32x4Const(5).set(temporary);
      f.release(temporary);
      f.i32Const(0).i32x4Const(5).i32x4Const(7).op('i32x4.add').i32x4Const(5).op('i32x4.mul');
      f.memory('v128.store');
      expect(f.local('v128')).toBe(temporary);
      expect(f.local('v128')).toBe(3);
    });
    run();
    expect([...integers.slice(0, 4)]).toEqual([60, 60, 60, 60]);
  });

  it('a function may have hundreds of locals of mixed types', () => {
    const run = assemble(['i32'], ['i32'], (f) => {
      const locals = Array.from({ length: 300 }, (_, i) => f.local(i % 3 ? 'i32' : 'f64'));
      const last = locals[299] ?? 0;
      const previous = locals[298] ?? 0;
      f.get(0).set(previous).get(previous).tee(last).get(last).op('i32.add');
    });
    expect(run(21)).toBe(42);
  });
});

describe('control flow', () => {
  it('forLoop adds up 0..n-1, and does nothing for n = 0', () => {
    const run = assemble(['i32'], ['i32'], (f) => {
      const [i, sum] = [f.local('i32'), f.local('i32')];
      f.forLoop(
        i,
        0,
        () => f.get(0),
        1,
        () => f.get(sum).get(i).op('i32.add').set(sum),
      );
      f.get(sum);
    });
    expect(run(0)).toBe(0);
    expect(run(1000)).toBe(499500);
  });

  it('whileLoop: a branch to it continues', () => {
    // Adds the odd numbers below 20.
    const run = assemble([], ['i32'], (f) => {
      const [i, sum] = [f.local('i32'), f.local('i32')];
      f.whileLoop(
        () => f.get(i).i32Const(20).op('i32.lt_u'),
        () => {
          f.get(i).i32Const(1).op('i32.add').set(i);
          f.get(i).i32Const(1).op('i32.and').op('i32.eqz').if().br(2).end();
          f.get(sum).get(i).op('i32.add').set(sum);
        },
      );
      f.get(sum);
    });
    expect(run()).toBe(1 + 3 + 5 + 7 + 9 + 11 + 13 + 15 + 17 + 19);
  });

  it('if gives values; functions call each other in any order', () => {
    const module = new ModuleBuilder();
    const run = module.function(['i32'], ['i32'], 'run');
    const twice = module.function(['i32'], ['i32']);
    run.get(0).i32Const(10).op('i32.lt_s');
    run.if('i32').get(0).call(twice.index).else().i32Const(7).end();
    twice.get(0).i32Const(2).op('i32.mul');
    const call = exported(module, 'run');
    expect([0, 4, 40].map((value) => call(value))).toEqual([0, 8, 7]);
  });

  it('unreachable traps', () => {
    expect(assemble([], [], (f) => f.op('unreachable'))).toThrow(WebAssembly.RuntimeError);
  });

  it('a block left open, or closed twice, is an error of the engine', () => {
    expect(() => assemble([], [], (f) => f.loop())).toThrow(WebAssembly.CompileError);
    expect(() => assemble([], [], (f) => f.end())).toThrow(WebAssembly.CompileError);
  });
});

describe('imports and exports', () => {
  it('imported functions come first, share types, and are called by index', () => {
    const module = new ModuleBuilder();
    const sine = module.importFunction('math', 'sin', ['f64'], ['f64']);
    const power = module.importFunction('math', 'pow', ['f64', 'f64'], ['f64']);
    const cosine = module.importFunction('math', 'cos', ['f64'], ['f64']);
    const f = module.function(['f64'], ['f64'], 'größe');
    f.get(0).call(sine).f64Const(2).call(power);
    f.get(0).call(cosine).f64Const(2).call(power).op('f64.add');
    expect(f.index).toBe(3);
    const { sin, cos, pow } = Math;
    expect(exported(module, 'größe', { math: { sin, cos, pow } })(1.25)).toBeCloseTo(1, 14);
  });

  it('a module without anything is valid', () => {
    expect(WebAssembly.validate(new ModuleBuilder().finish())).toBe(true);
  });

  it('tens of thousands of instructions grow the buffer', () => {
    const run = assemble(['f64'], ['f64'], (f) => {
      f.get(0);
      for (let i = 0; i < 30000; i++) f.f64Const(1).op('f64.add');
    });
    expect(run(0.5)).toBe(30000.5);
  });
});

describe('memory', () => {
  it('loads and stores every width at an offset', () => {
    const { run, bytes, floats, doubles, integers } = withMemory([], ['i32'], (f) => {
      f.i32Const(4).f32Const(1.5).memory('f32.store', 0);
      f.i32Const(4).i32Const(4).memory('f32.load').op('f64.promote_f32').memory('f64.store', 300);
      f.i32Const(8).i32Const(-2).memory('i32.store8', 0);
      f.i32Const(0).i32Const(0).memory('i32.load8_u', 8).memory('i32.store', 20000);
      f.i32Const(0).memory('i32.load8_u', 8);
    });
    expect(run()).toBe(254);
    expect([floats[1], bytes[8], doubles[38], integers[5000]]).toEqual([1.5, 254, 1.5, 254]);
  });

  it('vector loads splat, zero-extend and pick lanes', () => {
    const { run, floats } = withMemory([], [], (f) => {
      f.i32Const(64).i32Const(0).memory('v128.load32_splat', 4).memory('v128.store');
      f.i32Const(80).i32Const(0).memory('v128.load32_zero', 12).memory('v128.store');
      f.i32Const(96).i32Const(0).f32x4Const(9).memoryLane('v128.load32_lane', 4, 2).memory('v128.store');
      f.i32Const(112).i32Const(0).memory('v128.load').memoryLane('v128.store32_lane', 0, 3);
    });
    floats.set([1, 2, 3, 4]);
    run();
    expect([...floats.slice(16, 30)]).toEqual([2, 2, 2, 2, 4, 0, 0, 0, 9, 9, 2, 9, 4, 0]);
  });

  it('copies', () => {
    const { run, bytes } = withMemory([], [], (f) => {
      f.i32Const(20).i32Const(9).i32Const(5).memoryCopy();
    });
    bytes.fill(7, 10, 13);
    run();
    expect([...bytes.slice(8, 26)]).toEqual([0, 0, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 0, 0]);
  });

  it('atomics work on a shared memory', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 200, shared: true });
    const module = new ModuleBuilder();
    module.importMemory('host', 'memory', { initial: 1, maximum: 200, shared: true });
    const f = module.function(['i32'], ['i32'], 'run');
    f.i32Const(64).get(0).memory('i32.atomic.rmw.add').op('drop');
    f.i32Const(0).i32Const(0).memory('i32.atomic.load', 64).memory('i32.atomic.store', 68);
    f.i32Const(64).i32Const(1).memory('memory.atomic.notify').op('drop');
    f.i32Const(64).i32Const(-1).i64Const(-1n).memory('memory.atomic.wait32');
    const run = exported(module, 'run', { host: { memory } });
    expect(run(5)).toBe(1); // "not equal": the value is not -1
    expect(run(6)).toBe(1);
    expect([...new Int32Array(memory.buffer, 64, 2)]).toEqual([11, 11]);
  });
});

describe('opcodes', () => {
  /** name → the result on a and b, by the definition of the instruction in JavaScript. */
  const float64: Record<string, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    min: Math.min,
    max: Math.max,
  };
  const unary: Record<string, (a: number) => number> = {
    abs: Math.abs,
    neg: (a) => -a,
    sqrt: Math.sqrt,
    ceil: Math.ceil,
    floor: Math.floor,
    trunc: Math.trunc,
  };
  const comparison: Record<string, (a: number, b: number) => boolean> = {
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt: (a, b) => a < b,
    gt: (a, b) => a > b,
    le: (a, b) => a <= b,
    ge: (a, b) => a >= b,
  };
  const pairs = [
    [1.5, -2.25],
    [-0, 0],
    [3, 3],
    [NaN, 1],
    [-7.5, Infinity],
  ] as const;

  /** An instruction of this name on floats, in scalars and in lanes, wherever there is one. */
  function floats(name: string, operands: number, results: 'float' | 'truth') {
    const types = ['f32', 'f64', 'f32x4', 'f64x2'] as const;
    const found = types.filter((type) => `${type}.${name}` in plainOpcodes);
    expect(found, name).not.toEqual([]);
    return found.map((type) => {
      const single = type.startsWith('f32');
      const scalar = single ? 'f32' : 'f64';
      const isVector = type === 'f32x4' || type === 'f64x2';
      const parameters = new Array<ValueType>(operands).fill(scalar);
      const run = assemble(parameters, [results === 'truth' ? 'i32' : scalar], (f) => {
        for (let operand = 0; operand < operands; operand++) {
          f.get(operand);
          if (isVector) f.op(`${type}.splat`);
        }
        f.op(`${type}.${name}` as PlainOp);
        if (isVector) f.lane(results === 'truth' ? 'i32x4.extract_lane' : `${type}.extract_lane`, 1);
      });
      return { what: `${type}.${name}`, run, single, isVector };
    });
  }

  it('scalar and vector float arithmetic agree with JavaScript', () => {
    for (const [name, expected] of Object.entries(float64)) {
      for (const { what, run, single } of floats(name, 2, 'float')) {
        for (const [a, b] of pairs) {
          const exact = expected(a, b);
          expect(run(a, b), what).toBe(single ? Math.fround(exact) : exact);
        }
      }
    }
  });

  it('unary float instructions agree with JavaScript', () => {
    for (const [name, expected] of Object.entries(unary)) {
      for (const { what, run, single } of floats(name, 1, 'float')) {
        for (const a of [2.25, -2.25, -0.5, -0, Infinity, NaN]) {
          expect(run(a), what).toBe(single ? Math.fround(expected(a)) : expected(a));
        }
      }
    }
  });

  it('nearest rounds half to even', () => {
    const vector = assemble(['f32'], ['f32'], (f) => {
      f.get(0).op('f32x4.splat').op('f32x4.nearest').lane('f32x4.extract_lane', 0);
    });
    expect([0.5, 1.5, -0.5, -2.5, 2.6].map((value) => vector(value))).toEqual([0, 2, -0, -2, 3]);
    expect(assemble(['f64'], ['f64'], (f) => f.get(0).op('f64.nearest'))(2.5)).toBe(2);
  });

  it('comparisons give 1 in scalars and all bits in lanes', () => {
    for (const [name, expected] of Object.entries(comparison)) {
      for (const { what, run, isVector } of floats(name, 2, 'truth')) {
        for (const [a, b] of pairs) {
          expect(run(a, b), what).toBe(expected(a, b) ? (isVector ? -1 : 1) : 0);
        }
      }
    }
  });

  const int32: Record<string, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: Math.imul,
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => a << b,
    shr_s: (a, b) => a >> b,
    shr_u: (a, b) => a >>> b,
    rotl: (a, b) => (a << b) | (a >>> (32 - (b & 31))),
    rotr: (a, b) => (a >>> b) | (a << (32 - (b & 31))),
    div_s: (a, b) => Math.trunc(a / b),
    div_u: (a, b) => Math.floor((a >>> 0) / (b >>> 0)),
    rem_s: (a, b) => a % b,
    rem_u: (a, b) => (a >>> 0) % (b >>> 0),
    lt_s: (a, b) => Number(a < b),
    lt_u: (a, b) => Number(a >>> 0 < b >>> 0),
    gt_s: (a, b) => Number(a > b),
    gt_u: (a, b) => Number(a >>> 0 > b >>> 0),
    le_s: (a, b) => Number(a <= b),
    le_u: (a, b) => Number(a >>> 0 <= b >>> 0),
    ge_s: (a, b) => Number(a >= b),
    ge_u: (a, b) => Number(a >>> 0 >= b >>> 0),
    eq: (a, b) => Number(a === b),
    ne: (a, b) => Number(a !== b),
  };
  const integerPairs = [
    [5, 3],
    [-5, 3],
    [7, -2],
    [4, 4],
    [0x12345678, 13],
  ] as const;

  it('int32 instructions agree with JavaScript', () => {
    const found = Object.entries(int32).filter(([name]) => `i32.${name}` in plainOpcodes);
    expect(found.length).toBeGreaterThan(15);
    for (const [name, expected] of found) {
      const run = assemble(['i32', 'i32'], ['i32'], (f) =>
        f
          .get(0)
          .get(1)
          .op(`i32.${name}` as PlainOp),
      );
      for (const [a, b] of integerPairs) expect(run(a, b), name).toBe(expected(a, b) | 0);
    }
  });

  it('int32 vector instructions agree with JavaScript', () => {
    const bitwise = ['and', 'or', 'xor'];
    const found = Object.entries(int32)
      .map(([name, expected]) => ({
        name,
        expected,
        vector: `${bitwise.includes(name) ? 'v128' : 'i32x4'}.${name}`,
      }))
      .filter(({ vector }) => vector in plainOpcodes);
    expect(found.length).toBeGreaterThan(10);
    for (const { name, expected, vector } of found) {
      const shift = name.startsWith('sh');
      const truth = /^(lt|gt|le|ge|eq|ne)/.test(name);
      const run = assemble(['i32', 'i32'], ['i32'], (f) => {
        f.get(0).op('i32x4.splat').get(1);
        if (!shift) f.op('i32x4.splat');
        f.op(vector as PlainOp);
        f.lane('i32x4.extract_lane', 1);
      });
      for (const [a, b] of integerPairs) {
        expect(run(a, b), name).toBe(truth ? -expected(a, b) + 0 : expected(a, b) | 0);
      }
    }
  });

  it('min, max, abs and neg of int32 lanes', () => {
    const extremes = { min_s: -5, max_s: 3, max_u: -5 };
    for (const [name, expected] of Object.entries(extremes)) {
      const run = assemble([], ['i32'], (f) => {
        f.i32x4Const(-5)
          .i32x4Const(3)
          .op(`i32x4.${name}` as 'i32x4.min_s')
          .lane('i32x4.extract_lane', 0);
      });
      expect(run(), name).toBe(expected);
    }
    expect(
      assemble([], ['i32'], (f) => f.i32x4Const(-5).op('i32x4.abs').lane('i32x4.extract_lane', 0))(),
    ).toBe(5);
    expect(
      assemble([], ['i32'], (f) => f.i32x4Const(-5).op('i32x4.neg').lane('i32x4.extract_lane', 0))(),
    ).toBe(5);
  });

  it('conversions saturate, and NaN gives 0', () => {
    const signed = assemble(['f32'], ['i32'], (f) => f.get(0).op('i32.trunc_sat_f32_s'));
    const vector = assemble(['f32'], ['i32'], (f) => {
      f.get(0).op('f32x4.splat').op('i32x4.trunc_sat_f32x4_s').lane('i32x4.extract_lane', 0);
    });
    const inputs = [1.9, -1.9, 1e20, -1e20, NaN];
    expect(inputs.map((value) => signed(value))).toEqual([1, -1, 2 ** 31 - 1, -(2 ** 31), 0]);
    expect(inputs.map((value) => vector(value))).toEqual([1, -1, 2 ** 31 - 1, -(2 ** 31), 0]);
  });

  it('conversions between the float widths and integers', () => {
    const narrowed = assemble(['f64'], ['f64'], (f) => {
      f.get(0).op('f64x2.splat').op('f32x4.demote_f64x2_zero').op('f64x2.promote_low_f32x4');
      f.lane('f64x2.extract_lane', 1);
    });
    expect(narrowed(0.1)).toBe(Math.fround(0.1));
    const converted = assemble(['i32'], ['f64'], (f) => {
      f.get(0).op('i32x4.splat').op('f64x2.convert_low_i32x4_s').lane('f64x2.extract_lane', 0);
    });
    expect(converted(-123456789)).toBe(-123456789);
    const single = assemble(['i32'], ['f32'], (f) => {
      f.get(0).op('i32x4.splat').op('f32x4.convert_i32x4_s').lane('f32x4.extract_lane', 0);
    });
    expect(single(-7)).toBe(-7);
    const bits = assemble(['f64'], ['i64'], (f) => f.get(0).op('i64.reinterpret_f64'));
    expect(bits(1)).toBe(0x3ff0000000000000n);
  });

  it('shuffle, bitselect, andnot, lane replacement and the truth of vectors', () => {
    const { run, integers } = withMemory([], ['i32'], (f) => {
      const store = (offset: number) => f.memory('v128.store', offset);
      f.i32Const(0).i32x4Const(0, 1, 2, 3).i32x4Const(4, 5, 6, 7).shuffle32(7, 0, 5, 2);
      store(0);
      f.i32Const(0).i32x4Const(0b1100).i32x4Const(0b1010).i32x4Const(0b0110).op('v128.bitselect');
      store(16);
      f.i32Const(0).i32x4Const(0b1100).i32x4Const(0b1010).op('v128.andnot').i32Const(9);
      f.lane('i32x4.replace_lane', 2);
      store(32);
      f.i32x4Const(0, 0, 8, 0).op('v128.any_true').i32x4Const(0).op('v128.any_true').i32Const(1);
      f.op('i32.shl').op('i32.or').i32x4Const(0).op('v128.not').op('v128.any_true').i32Const(2);
      f.op('i32.shl').op('i32.or');
    });
    expect(run()).toBe(0b101);
    expect([...integers.slice(0, 4)]).toEqual([7, 0, 5, 2]);
    expect([...integers.slice(4, 12)]).toEqual([0b1100, 0b1100, 0b1100, 0b1100, 0b0100, 0b0100, 9, 0b0100]);
  });

  it('copysign and select', () => {
    const run = assemble(['f32', 'i32'], ['f32'], (f) => {
      f.f32Const(3).get(0).op('f32.copysign').f32Const(8).get(1).op('select');
    });
    expect([run(-0, 0b101), run(1, 0)]).toEqual([-3, 8]);
  });
});
