/** What math.ts is measured against, and the means to run it over arrays. */
import { ModuleBuilder } from '../src/assembler.js';
import { isRelaxed } from '../src/features.js';
import * as math from '../src/math.js';

/**
 * erf in float64, after Abramowitz and Stegun: the series 7.1.6 (positive terms only) up to 2.5, the continued fraction
 * 7.1.14 of erfc beyond.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (!(a > 2.5)) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / fraction);
}

/** The functions of one argument, in float64, where JavaScript's own are good to about one unit in the last place. */
export const references = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid: (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  softplus: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf,
  sin: Math.sin,
  cos: Math.cos,
};

export type FunctionName = keyof typeof references;

export const functionNames = Object.keys(references) as FunctionName[];

/** x^y as IEEE 754 has it: unlike JavaScript's, 1^y and (-1)^±Infinity are 1. */
export function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** The ways in which math.ts adds products that this engine has. */
export const ways = isRelaxed() ? (['in two steps', 'relaxed'] as const) : (['in two steps'] as const);

export type Way = (typeof ways)[number];

/** Runs a function of math.ts over arrays of up to `capacity` float32. */
export class Evaluator {
  private readonly memory: WebAssembly.Memory;
  private readonly loop: (count: number) => void;
  /** Operands, and after `run` the results. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly results: Float32Array;

  constructor(name: FunctionName | 'pow', capacity: number, way: Way) {
    const bytes = 4 * Math.ceil(capacity / 4) * 4;
    const pages = Math.ceil((3 * bytes) / 65536);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.first = new Float32Array(this.memory.buffer, 0, capacity);
    this.second = new Float32Array(this.memory.buffer, bytes, capacity);
    this.results = new Float32Array(this.memory.buffer, 2 * bytes, capacity);

    const module = new ModuleBuilder(way === 'relaxed');
    const imports = {
      sin: module.importFunction('math', 'sin', ['f64'], ['f64']),
      cos: module.importFunction('math', 'cos', ['f64'], ['f64']),
      pow: module.importFunction('math', 'pow', ['f64', 'f64'], ['f64']),
    };
    module.importMemory('host', 'memory', { initial: pages, maximum: pages });
    const f = module.function(['i32'], [], 'run');
    const i = f.local('i32');
    f.forLoop(
      i,
      0,
      () => f.get(0),
      16,
      () => {
        f.get(i).get(i).memory('v128.load');
        if (name === 'pow') f.get(i).memory('v128.load', bytes);
        math[name](f, imports);
        f.memory('v128.store', 2 * bytes);
      },
    );
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
      math: { sin: Math.sin, cos: Math.cos, pow: Math.pow },
      host: { memory: this.memory },
    });
    this.loop = instance.exports.run as (count: number) => void;
  }

  /** Computes the results of the first `count` operands. */
  run(count = this.first.length): Float32Array {
    this.loop(4 * count);
    return this.results;
  }
}

const bits = new DataView(new ArrayBuffer(4));

/** Place of a float32 among all float32: neighbours differ by 1, both zeros are 0. */
function place(value: number): number {
  bits.setFloat32(0, value);
  const integer = bits.getInt32(0);
  return integer < 0 ? -(integer & 0x7fffffff) : integer;
}

/**
 * How many float32 lie between `result` and the correctly rounded `exact`: 0 if they are equal. Infinite where one
 * alone is NaN, or where they are zeros or others of different sign.
 */
export function distance(result: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Object.is(result, rounded)) return 0;
  if (Number.isNaN(result) || Number.isNaN(rounded)) return Infinity;
  if (result * rounded < 0 || (result === 0 && rounded === 0)) return Infinity;
  return Math.abs(place(result) - place(rounded));
}

/** The error of `result` in units of the last place of float32 at `exact`; infinite if one alone is not finite. */
export function ulpError(result: number, exact: number): number {
  if (Object.is(result, exact)) return 0;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  const error = Math.abs(result - exact) * 2 ** (23 - exponent);
  return Number.isNaN(error) ? Infinity : error;
}
