/**
 * Transcendental functions of four float32 lanes, as instructions written straight into the function being built.
 * Each takes its operands from the stack and leaves one f32x4 there; docs/accuracy.md lists the errors, measured over
 * every float32. Subnormals, signed zeros, infinities and NaN are treated as IEEE 754 recommends, every lane
 * alike whatever its neighbours hold. Products are added by relaxed multiply-add where the engine has it, so last bits
 * depend on the machine; each function keeps to its error whether the machine rounds them once or twice.
 *
 * The polynomials are our own minimax fits (Lawson's iteratively reweighted least squares in extended precision,
 * at 400 Chebyshev nodes; coefficients rounded to float32 one by one from the constant term on, those that remain
 * fitted again each time). With each stands the interval and the largest relative error it causes.
 */
import type { FunctionBuilder } from './assembler.js';

/** Indices of imported functions on f64, for the lanes that the vector code does not cover. */
export interface MathImports {
  sin: number;
  cos: number;
  /** JavaScript's `Math.pow`; its differences from IEEE 754 are mended here. */
  pow: number;
}

/** Writes code that replaces the f32x4 on the stack by its image. */
export type VectorFunction = (f: FunctionBuilder) => void;

const SIGN_BIT = 0x80000000;
const ONE_BITS = 0x3f800000;

/** ln 2 in two parts: the first has 15 significant bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.428606820309417e-6;

/** Adding it rounds a small float32 to an integer, which then stands in the low bits: 1.5 * 2^23. */
const ROUND_TO_INTEGER = 12582912;
/** The same for float64: 1.5 * 2^52. */
const ROUND_TO_INTEGER_64 = 6755399441055744;

/** (e^r - 1 - r) / r^2 for |r| <= ln(2)/2: 2^-26.1 of e^r - 1, 2^-27.3 of e^r. */
const EXPONENTIAL = [0.49999997, 0.16666546, 0.041667446, 0.00836625, 0.0013869626];

/** (log(1 + t) - t + t^2/2) / t^3 for sqrt(1/2) <= 1 + t <= sqrt(2): 2^-27.3. */
const LOGARITHM = [
  0.3333333, -0.2500082, 0.20001242, -0.16623409, 0.1420158, -0.1315961, 0.12762213, -0.07636428,
];

/** -log(1 - erf(x)) / x - 1 as a polynomial in -x, for 0 <= x <= 3.925, where erf reaches 1: 2^-27.8 of erf. */
const ERROR_FUNCTION = [
  0.12837917, -0.63661957, 0.102776304, 0.019147823, -0.00016950488, -0.0016756782, -0.00063736516,
  -0.000118862066, -9.3880835e-6,
];

/** (sin(r) / r - 1) / r^2 as a polynomial in r^2, for |r| <= pi/4: 2^-27.9. */
const SINE = [-0.16666655, 0.008332189, -0.00019518286];

/** (cos(r) - 1 + r^2/2) / r^4 as a polynomial in r^2, for |r| <= pi/4: 2^-33. */
const COSINE = [0.041666646, -0.001388731, 2.4432327e-5];

/** log2((1 + s) / (1 - s)) / s as a polynomial in s^2 (float64), for |s| <= 0.1716: 2^-37.8. */
const LOGARITHM_2 = [
  2.8853900817900913, 0.9617966733335969, 0.5770835866328444, 0.41167261376582137, 0.3407321432286649,
];

/**
 * Numerator and denominator of tanh(x/2) / x as polynomials in x^2, for |x| <= 8.75: 2^-27.1 of tanh x. The factor 59 has what
 * is computed for small x lie a little below powers of two, where roundings weigh least; a whole number leaves subnormals exact.
 */
const HALF_TANGENT = [
  [59, 1.7578509, 0.0067670937],
  [118, 13.349031, 0.14262404, 0.00014613614],
];

/** Runs `body` with that many vector locals, and takes them back. */
function withVectors(f: FunctionBuilder, count: number, body: (...locals: number[]) => void): void {
  const locals = Array.from({ length: count }, () => f.local('v128'));
  body(...locals);
  f.release(...locals);
}

/** Leaves the value at x of the polynomial whose coefficients `terms` leave, by Horner's rule. */
function horner(f: FunctionBuilder, x: number, [first, ...rest]: (() => void)[], type?: 'f64x2'): void {
  if (rest.length === 0) {
    first();
    return;
  }
  f.get(x);
  horner(f, x, rest, type);
  f.multiplyAdd(first, type);
}

/** The coefficients, each as what leaves it on the stack. */
function constants(f: FunctionBuilder, values: number[], type?: 'f64x2'): (() => void)[] {
  return values.map((value) => () => (type ? f.f64x2Const(value) : f.f32x4Const(value)));
}

/**
 * Leaves the polynomial's value at x: its coefficients in pairs, c0 + c1 x, and the pairs by Horner's rule in x^2. One
 * multiplication more than by Horner's rule in x, but half the time: these loops wait for results, not for units.
 */
function polynomial(f: FunctionBuilder, x: number, coefficients: number[], type?: 'f64x2'): void {
  const terms = constants(f, coefficients, type);
  const pairs = terms.flatMap((_, i) => (i % 2 ? [] : () => horner(f, x, terms.slice(i, i + 2), type)));
  withVectors(f, 1, (square) => {
    f.get(x)
      .get(x)
      .op(`${type ?? 'f32x4'}.mul`)
      .set(square);
    horner(f, square, pairs, type);
  });
}

/**
 * Splits the f32x4 on the stack into n ln(2) + r: sets `r`, with |r| <= ln(2)/2, and `n`, an int32 whose low nine
 * bits are those of the integer n plus `bias`.
 */
function reduceByLn2(f: FunctionBuilder, r: number, n: number, bias = 0): void {
  const round = ROUND_TO_INTEGER + bias;
  f.tee(r)
    .f32x4Const(Math.LOG2E)
    .multiplyAdd(() => f.f32x4Const(round))
    .set(n);
  withVectors(f, 1, (rounded) => {
    f.get(n).f32x4Const(round).op('f32x4.sub').tee(rounded).f32x4Const(-LN2_LOW);
    f.multiplyAdd(() => {
      f.get(rounded)
        .f32x4Const(-LN2_HIGH)
        .multiplyAdd(() => f.get(r));
    }).set(r);
  });
}

/** Leaves e^r - 1 for |r| <= ln(2)/2. */
function exponentialMinusOne(f: FunctionBuilder, r: number): void {
  f.get(r).get(r).op('f32x4.mul');
  polynomial(f, r, EXPONENTIAL);
  f.multiplyAdd(() => f.get(r));
}

/** Leaves 2^n e^r, for n from -252 to 254: rounded once where the result is subnormal, infinite where it is too large. */
function scaledExponential(f: FunctionBuilder, r: number, n: number): void {
  exponentialMinusOne(f, r);
  f.f32x4Const(1).op('f32x4.add');
  // Two factors, 2^(n >> 1) and the rest, because 2^n itself may be out of range; only the second multiplication rounds.
  withVectors(f, 2, (whole, half) => {
    f.get(n).i32Const(23).op('i32x4.shl').tee(whole);
    f.i32Const(1).op('i32x4.shr_s').i32x4Const(0xff800000).op('v128.and').tee(half);
    f.i32x4Const(ONE_BITS).op('i32x4.add').op('f32x4.mul');
    f.get(whole).get(half).op('i32x4.sub').i32x4Const(ONE_BITS).op('i32x4.add').op('f32x4.mul');
  });
}

/** e^x. Below -104 the result is 0, above 89 infinity; pmin and pmax keep a NaN that is their first operand. */
export const exp: VectorFunction = (f) => {
  withVectors(f, 2, (r, n) => {
    f.f32x4Const(89).op('f32x4.pmin').f32x4Const(-104).op('f32x4.pmax');
    reduceByLn2(f, r, n);
    scaledExponential(f, r, n);
  });
};

/** Replaces x by e^-|x|. */
function exponentialOfMinusAbs(f: FunctionBuilder): void {
  withVectors(f, 2, (r, n) => {
    f.i32x4Const(SIGN_BIT).op('v128.or').f32x4Const(-104).op('f32x4.pmax');
    reduceByLn2(f, r, n);
    scaledExponential(f, r, n);
  });
}

/** e^x - 1, without losing digits near 0. */
export const expm1: VectorFunction = (f) => {
  withVectors(f, 4, (x, r, n, p) => {
    f.tee(x).f32x4Const(89).op('f32x4.pmin').f32x4Const(-18).op('f32x4.pmax');
    reduceByLn2(f, r, n);
    exponentialMinusOne(f, r);
    f.set(p);
    // 2 (2^(n-1) p + (2^(n-1) - 1/2)): halves, since 2^n would be too large for x near 88.7.
    f.get(n).i32Const(23).op('i32x4.shl').i32x4Const(0x3f000000).op('i32x4.add').tee(r);
    f.get(p).multiplyAdd(() => f.get(r).f32x4Const(0.5).op('f32x4.sub'));
    f.f32x4Const(2).op('f32x4.mul');
    // Where e^x - 1 is x: the halves above would drop a subnormal's last bit, and the sum the sign of -0.
    f.get(x);
    f.get(x)
      .op('f32x4.abs')
      .f32x4Const(2 ** -25)
      .op('f32x4.ge');
    f.op('v128.bitselect');
  });
};

/** Gives the f32x4 on the stack, which is not negative, the sign of x. */
function withSignOf(f: FunctionBuilder, x: number): void {
  f.get(x).i32x4Const(SIGN_BIT).op('v128.and').op('v128.or');
}

/**
 * 2 u q / (u^2 + q^2), which is tanh x where u / q is tanh(x/2): the closer to 1, the less u and q matter. Held at ±8.7471714,
 * where it is 1, and nowhere more.
 */
export const tanh: VectorFunction = (f) => {
  const held = 8.7471714;
  withVectors(f, 3, (u, y, q) => {
    f.f32x4Const(held).op('f32x4.pmin').f32x4Const(-held).op('f32x4.pmax').tee(u);
    f.get(u).op('f32x4.mul').set(y);
    horner(f, y, constants(f, HALF_TANGENT[1]));
    f.set(q).get(u);
    horner(f, y, constants(f, HALF_TANGENT[0]));
    f.op('f32x4.mul').tee(u);
    f.get(q).op('f32x4.mul').tee(y).get(y).op('f32x4.add');
    f.get(q).get(q);
    f.multiplyAdd(() => f.get(u).get(u).op('f32x4.mul'));
    f.op('f32x4.div');
  });
};

/** 1 / (1 + e^-x), as (x < 0 ? e : 1) / (1 + e) with e = e^-|x|. */
export const sigmoid: VectorFunction = (f) => {
  withVectors(f, 2, (x, e) => {
    f.tee(x);
    exponentialOfMinusAbs(f);
    f.tee(e).f32x4Const(1).get(x).f32x4Const(0).op('f32x4.lt').op('v128.bitselect');
    f.get(e).f32x4Const(1).op('f32x4.add').op('f32x4.div');
  });
};

/** log(1 + e^x), as max(x, 0) + log(1 + e) with e = e^-|x|. */
export const softplus: VectorFunction = (f) => {
  withVectors(f, 1, (x) => {
    f.tee(x);
    exponentialOfMinusAbs(f);
    log1p(f);
    f.get(x).f32x4Const(0).op('f32x4.pmax').op('f32x4.add');
  });
};

/**
 * erf |x| = 1 - e^(a + a h(-a)) with a = -|x|: one polynomial is exact enough near 0, where erf is almost linear, and at
 * the end.
 */
export const erf: VectorFunction = (f) => {
  withVectors(f, 4, (x, a, r, n) => {
    f.tee(x).i32x4Const(SIGN_BIT).op('v128.or').f32x4Const(-3.925).op('f32x4.pmax').set(a);
    polynomial(f, a, ERROR_FUNCTION);
    f.get(a).multiplyAdd(() => f.get(a));
    // 1 - 2^n e^r, without losing digits near 0: with this bias n, shifted to a float32's exponent, is -2^n.
    reduceByLn2(f, r, n, 0x100 + 127);
    f.get(n).i32Const(23).op('i32x4.shl').tee(n);
    exponentialMinusOne(f, r);
    f.multiplyAdd(() => f.get(n).f32x4Const(1).op('f32x4.add'));
    withSignOf(f, x);
  });
};

/**
 * Splits the f32x4 on the stack, normal and positive, into 2^k m with m from sqrt(1/2) to sqrt(2): sets `k` and
 * `power`, the int32 k and k * 2^23, and leaves m.
 */
function splitExponent(f: FunctionBuilder, k: number, power: number): void {
  withVectors(f, 1, (x) => {
    const sqrtHalfBits = 0x3f3504f3;
    f.tee(x).get(x).i32x4Const(sqrtHalfBits).op('i32x4.sub').tee(k);
    f.i32x4Const(0xff800000).op('v128.and').tee(power).op('i32x4.sub');
    f.get(k).i32Const(23).op('i32x4.shr_s').set(k);
  });
}

/** Leaves log(1 + t) + k ln(2), for t as LOGARITHM wants it and k a whole float32. */
function logarithm(f: FunctionBuilder, t: number, k: number): void {
  withVectors(f, 1, (square) => {
    // t + (t^3 R(t) + k low - t^2/2) + k high: the small terms first.
    f.get(k)
      .f32x4Const(LN2_HIGH)
      .multiplyAdd(() => {
        f.get(t).get(t).op('f32x4.mul').tee(square).f32x4Const(-0.5);
        f.multiplyAdd(() => {
          f.get(t).get(square).op('f32x4.mul');
          polynomial(f, t, LOGARITHM);
          f.multiplyAdd(() => f.get(k).f32x4Const(LN2_LOW).op('f32x4.mul'));
        });
        f.get(t).op('f32x4.add');
      });
  });
}

/** Leaves a mask of the lanes of x that are not positive and finite. */
function notPositiveFinite(f: FunctionBuilder, x: number): void {
  f.get(x).i32x4Const(1).op('i32x4.sub').i32x4Const(0x7f7fffff).op('i32x4.ge_u');
}

/** The logarithm of x is on the stack; mends it where x is 0, negative, infinite or NaN. */
function mendLogarithm(f: FunctionBuilder, x: number): void {
  withVectors(f, 2, (rare, result) => {
    f.set(result);
    notPositiveFinite(f, x);
    f.tee(rare).op('v128.any_true').if();
    // The square root is what we want of all of them but 0.
    f.f32x4Const(-Infinity).get(x).op('f32x4.sqrt').get(x).f32x4Const(0).op('f32x4.eq').op('v128.bitselect');
    f.get(result).get(rare).op('v128.bitselect').set(result);
    f.end().get(result);
  });
}

/** The f32x4 on the stack, subnormals (and whatever is less) times 2^23; sets `mask` to where that was done. */
function scaleSubnormals(f: FunctionBuilder, x: number, mask: number): void {
  f.get(x)
    .f32x4Const(2 ** 23)
    .op('f32x4.mul')
    .get(x);
  f.get(x)
    .f32x4Const(2 ** -126)
    .op('f32x4.lt')
    .tee(mask)
    .op('v128.bitselect');
}

/** The natural logarithm: log(0) = -Infinity, NaN below. */
export const log: VectorFunction = (f) => {
  withVectors(f, 4, (x, mask, k, t) => {
    f.set(x);
    scaleSubnormals(f, x, mask);
    splitExponent(f, k, t);
    f.f32x4Const(1).op('f32x4.sub').set(t);
    f.get(k).op('f32x4.convert_i32x4_s').get(mask).f32x4Const(23).op('v128.and').op('f32x4.sub').set(k);
    logarithm(f, t, k);
    mendLogarithm(f, x);
  });
};

/** log(1 + x), without losing digits near 0. */
export const log1p: VectorFunction = (f) => {
  withVectors(f, 5, (x, u, k, power, t) => {
    f.tee(x).f32x4Const(1).op('f32x4.add').tee(u);
    splitExponent(f, k, power);
    f.f32x4Const(1).op('f32x4.sub');
    // What rounding 1 + x to u dropped, in the scale of m; 2^-k becomes 0 where it would be subnormal, and nothing matters.
    f.get(x).get(u).f32x4Const(1).op('f32x4.sub').op('f32x4.sub');
    f.i32x4Const(ONE_BITS).get(power).op('i32x4.sub').i32x4Const(0).op('i32x4.max_s').op('f32x4.mul');
    f.op('f32x4.add').set(t);
    f.get(k).op('f32x4.convert_i32x4_s').set(k);
    logarithm(f, t, k);
    mendLogarithm(f, u);
    withSignOf(f, x); // has one already, except that of x = -0
  });
};

/**
 * Replaces the lanes of `result` that `rare` selects, if there are any, by an imported f64 function of the lanes of
 * `operands`; `mend` may still change the vector of them on the stack.
 */
function perLane(
  f: FunctionBuilder,
  rare: number,
  result: number,
  operands: number[],
  imported: number,
  mend?: () => void,
): void {
  f.get(rare).op('v128.any_true').if().get(result);
  for (let lane = 0; lane < 4; lane++) {
    for (const operand of operands) f.get(operand).lane('f32x4.extract_lane', lane).op('f64.promote_f32');
    f.call(imported).op('f32.demote_f64').lane('f32x4.replace_lane', lane);
  }
  mend?.();
  f.get(result).get(rare).op('v128.bitselect').set(result).end();
}

/** Leaves the two upper float32 lanes of x as f64x2. */
function promoteHigh(f: FunctionBuilder, x: number): void {
  f.get(x).get(x).shuffle32(2, 3, 2, 3).op('f64x2.promote_low_f32x4');
}

/** Two f64x2 are on the stack: makes them one f32x4. */
function demotePair(f: FunctionBuilder, high: number): void {
  f.set(high).op('f32x4.demote_f64x2_zero');
  f.get(high).op('f32x4.demote_f64x2_zero').shuffle32(0, 1, 4, 5);
}

/**
 * Sine (quarter = 0) and cosine (quarter = 1). |x| = n pi/2 + r is computed in float64 with pi/2 in two parts, of
 * which the first has 33 bits, so that n times it is exact up to |x| = 2^17 and r is good to a float32's last bit
 * even next to a zero; beyond that, and for infinities and NaN, lanes go to the imported function.
 */
function sineOrCosine(f: FunctionBuilder, quarter: 0 | 1, imported: number): void {
  const piHalfHigh = 1.5707963267341256;
  const piHalfLow = 6.077100506506192e-11;
  withVectors(f, 7, (x, magnitude, low, high, r, n, square) => {
    const reduce = (half: number, rounded: number): void => {
      f.f64x2Const(2 / Math.PI)
        .multiplyAdd(() => f.f64x2Const(ROUND_TO_INTEGER_64), 'f64x2')
        .set(rounded);
      withVectors(f, 1, (n64) => {
        f.get(rounded).f64x2Const(ROUND_TO_INTEGER_64).op('f64x2.sub').tee(n64).f64x2Const(-piHalfLow);
        f.multiplyAdd(() => {
          f.get(n64)
            .f64x2Const(-piHalfHigh)
            .multiplyAdd(() => f.get(half), 'f64x2');
        }, 'f64x2');
      });
    };
    f.tee(x).op('f32x4.abs').set(magnitude);
    f.get(magnitude).op('f64x2.promote_low_f32x4').tee(low);
    reduce(low, n);
    promoteHigh(f, magnitude);
    f.tee(high);
    reduce(high, square);
    demotePair(f, high);
    f.set(r);
    f.get(n).get(square).shuffle32(0, 2, 4, 6); // the low halves, which hold the integers
    if (quarter) f.i32x4Const(quarter).op('i32x4.add');
    f.set(n);

    f.get(r).get(r).op('f32x4.mul').set(square);
    // cos r = (1 - r^2/2) + r^4 C, sin r = r + r^3 S; an odd n takes the cosine.
    f.get(square).get(square).op('f32x4.mul');
    polynomial(f, square, COSINE);
    f.multiplyAdd(() => {
      f.get(square)
        .f32x4Const(-0.5)
        .multiplyAdd(() => f.f32x4Const(1));
    });
    f.get(r).get(square).op('f32x4.mul');
    polynomial(f, square, SINE);
    f.multiplyAdd(() => f.get(r));
    f.get(n).i32Const(31).op('i32x4.shl').i32Const(31).op('i32x4.shr_s').op('v128.bitselect');
    // Bit 1 of n changes the sign, and for the sine so does x.
    f.get(n).i32Const(30).op('i32x4.shl');
    if (quarter === 0) f.get(x).op('v128.xor');
    f.i32x4Const(SIGN_BIT).op('v128.and').op('v128.xor').set(r);

    f.get(magnitude)
      .f32x4Const(2 ** 17)
      .op('f32x4.gt')
      .set(low);
    perLane(f, low, r, [x], imported);
    f.get(r);
  });
}

/** sin x. */
export const sin = (f: FunctionBuilder, imports: MathImports): void => sineOrCosine(f, 0, imports.sin);

/** cos x. */
export const cos = (f: FunctionBuilder, imports: MathImports): void => sineOrCosine(f, 1, imports.cos);

/** Leaves a mask of the lanes that are neither infinite nor NaN. */
function finite(f: FunctionBuilder, x: number): void {
  f.get(x).op('f32x4.abs').f32x4Const(Infinity).op('f32x4.lt');
}

/** Leaves a mask of the lanes that are whole numbers. */
function whole(f: FunctionBuilder, x: number): void {
  f.get(x).get(x).op('f32x4.trunc').op('f32x4.eq');
}

/**
 * x^y, with x below y on the stack, as 2^(y log2 |x|) with the logarithm in float64, and x's sign if y is odd. Lanes where
 * x or y is not finite go to the imported `Math.pow`; then 1^y and (-1)^±Infinity are made 1, as IEEE 754, C and NumPy
 * have it and JavaScript has not.
 */
export const pow = (f: FunctionBuilder, imports: MathImports): void => {
  withVectors(f, 8, (x, y, k, m, low, high, rare, result) => {
    f.set(y).tee(x).op('f32x4.abs').set(m);
    scaleSubnormals(f, m, rare);
    splitExponent(f, k, m);
    f.set(m);
    f.get(k).get(rare).i32x4Const(23).op('v128.and').op('i32x4.sub').set(k);

    /** Two lanes: n + r / ln(2) = y (k + log2 m) in float64. Leaves r, sets n. */
    const reduce = (promote: (vector: number) => void, convert: () => void, n: number): void => {
      withVectors(f, 2, (s, w) => {
        promote(m);
        f.tee(s).f64x2Const(1).op('f64x2.sub').get(s).f64x2Const(1).op('f64x2.add').op('f64x2.div').tee(s);
        f.get(s).get(s).op('f64x2.mul').set(w);
        polynomial(f, w, LOGARITHM_2, 'f64x2');
        f.multiplyAdd(convert, 'f64x2');
        promote(y);
        // Beyond 2^±200 a float32 has long overflowed or vanished.
        f.op('f64x2.mul').f64x2Const(200).op('f64x2.pmin').f64x2Const(-200).op('f64x2.pmax').tee(w);
        f.get(w).f64x2Const(ROUND_TO_INTEGER_64).op('f64x2.add').tee(n);
        f.f64x2Const(ROUND_TO_INTEGER_64)
          .op('f64x2.sub')
          .op('f64x2.sub')
          .f64x2Const(Math.LN2)
          .op('f64x2.mul');
      });
    };
    reduce(
      (vector) => f.get(vector).op('f64x2.promote_low_f32x4'),
      () => f.get(k).op('f64x2.convert_low_i32x4_s'),
      low,
    );
    reduce(
      (vector) => promoteHigh(f, vector),
      () => f.get(k).get(k).shuffle32(2, 3, 2, 3).op('f64x2.convert_low_i32x4_s'),
      high,
    );
    demotePair(f, m);
    f.set(m).get(low).get(high).shuffle32(0, 2, 4, 6).set(k);
    scaledExponential(f, m, k);
    f.set(result);

    // A base of 0, unless the exponent is 0 too: then the logarithm does not matter, and the result is 1 already.
    f.f32x4Const(Infinity).get(y).f32x4Const(0).op('f32x4.gt').op('v128.andnot').get(result);
    f.get(x).f32x4Const(0).op('f32x4.eq').get(y).f32x4Const(0).op('f32x4.ne').op('v128.and');
    f.op('v128.bitselect');
    // A negative base: the sign is x's if y is odd, NaN (all bits set) if y is not whole.
    f.get(y).f32x4Const(0.5).op('f32x4.mul').set(m);
    whole(f, y);
    f.tee(low);
    whole(f, m);
    f.op('v128.andnot').get(x).op('v128.and').i32x4Const(SIGN_BIT).op('v128.and').op('v128.or');
    f.get(x).f32x4Const(0).op('f32x4.lt').get(low).op('v128.andnot').op('v128.or').set(result);

    finite(f, x);
    finite(f, y);
    f.op('v128.and').op('v128.not').set(rare);
    perLane(f, rare, result, [x, y], imports.pow, () => {
      f.set(m).f32x4Const(1).get(m);
      f.get(x).f32x4Const(1).op('f32x4.eq');
      f.get(x).f32x4Const(-1).op('f32x4.eq').get(y).op('f32x4.abs').f32x4Const(Infinity).op('f32x4.eq');
      f.op('v128.and').op('v128.or').op('v128.bitselect');
    });
    f.get(result);
  });
};
