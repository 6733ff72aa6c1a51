import { describe, expect, it } from 'vitest';
import { distance, erf, Evaluator, functionNames, pow, references, ways } from './transcendentals.js';
import golden from './golden/transcendentals.json' with { type: 'json' };

/** How many float32 a result may be from the correctly rounded one: what docs/accuracy.md found over all of float32. */
const limits = {
  exp: 1,
  expm1: 2,
  log: 1,
  log1p: 1,
  tanh: 3,
  sigmoid: 2,
  softplus: 2,
  erf: 2,
  sin: 2,
  cos: 2,
  pow: 1,
};

/** float32 next to those where something changes: ends of ranges, quarter turns, powers of two. */
const neighbourhoods = [
  ...[0, 2 ** -126, 2 ** -25, 0.25, 0.5, 1, 2, 3.925, 9, 18, 88.72284, 89, 103.97208, 104, 2 ** 17, 2 ** 127],
  // Where tanh is held, and where it is farthest.
  ...[8.7471714, 0.062369525, 0.12484269],
  ...[Math.SQRT2, Math.SQRT1_2, Math.LN2, Math.LN2 / 2, 1.5 * Math.LN2, 3.4028234663852886e38],
  ...Array.from({ length: 64 }, (_, i) => (i * Math.PI) / 4),
  // The multiples that some float32 up to 2^17 comes nearest to, and the last one.
  ...[161, 322, 33433, 66866, 644, 83443].map((n) => (n * Math.PI) / 2),
];

function withNeighbours(values: number[]): Float32Array {
  const all = new Float32Array(values.flatMap((value) => Array<number>(65).fill(value)));
  const bits = new Int32Array(all.buffer);
  bits.forEach((pattern, i) => (bits[i] = pattern + (i % 65) - 32));
  return all;
}

const specials = new Float32Array([
  ...withNeighbours([...neighbourhoods, ...neighbourhoods.map((value) => -value)]),
  ...[0, -0, Infinity, -Infinity, NaN, -NaN],
]);

/** Every 4,099th of the 2^32 float32. */
function sweep(): Float32Array {
  return new Float32Array(Uint32Array.from({ length: 2 ** 32 / 4099 }, (_, i) => 4099 * i).buffer);
}

describe('the float64 reference of erf', () => {
  it('agrees with SciPy', () => {
    for (const [x, expected] of golden['scipy.special.erf'] as [number, number][]) {
      if (expected === 0) expect(erf(x)).toBe(0);
      else expect(erf(x) / expected).toBeCloseTo(1, 14);
    }
  });
});

describe.each(ways)('with products added %s', (way) => {
  /** The worst of the results, and where it is: a message that says everything. */
  function worst(name: keyof typeof references, operands: Float32Array) {
    const evaluator = new Evaluator(name, operands.length, way);
    evaluator.first.set(operands);
    const results = evaluator.run();
    let found = { distance: 0, x: 0, result: 0, exact: 0 };
    operands.forEach((x, i) => {
      const exact = references[name](x);
      const result = results[i];
      const far = distance(result, exact);
      if (far > found.distance) found = { distance: far, x, result, exact };
    });
    return found;
  }

  /** The function's results, one for each operand. */
  function evaluate(name: keyof typeof references, ...operands: number[]): number[] {
    const evaluator = new Evaluator(name, operands.length, way);
    evaluator.first.set(operands);
    return [...evaluator.run()];
  }

  describe.each(functionNames)('%s', (name) => {
    const limit = limits[name];

    it(`is within ${limit} ULP all over float32`, () => {
      expect(worst(name, sweep())).toSatisfy(({ distance }: { distance: number }) => distance <= limit);
    });

    it('is so too around zeros, subnormals, limits and quarter turns, and right for infinities and NaN', () => {
      expect(worst(name, specials)).toSatisfy(({ distance }: { distance: number }) => distance <= limit);
    });

    it('agrees with mpmath', () => {
      const cases = golden.functions[name] as [number, number | string][];
      const results = evaluate(name, ...cases.map(([x]) => x));
      cases.forEach(([x, exact], i) => {
        expect(distance(results[i], Number(exact)), `${name}(${x})`).toBeLessThanOrEqual(limit);
        const reference = references[name](x);
        // What the sweeps compare with is itself exact enough: to a ten millionth of float32's last place.
        if (reference !== Number(exact)) expect(reference / Number(exact)).toBeCloseTo(1, 14);
      });
    });

    it('gives a lane the same value whatever its neighbours are', () => {
      const ordinary = [0.3, -0.7, 1.5, 88];
      const alone = ordinary.flatMap((x) => evaluate(name, x, x, x, x).slice(0, 1));
      for (const intruder of [NaN, Infinity, -Infinity, 1e30, 1e-40, -5, 0]) {
        for (let lane = 0; lane < 4; lane++) {
          const mixed = evaluate(name, ...ordinary.with(lane, intruder));
          expect(mixed.with(lane, 0)).toEqual(alone.with(lane, 0));
        }
      }
    });
  });

  describe('corners', () => {
    it('odd functions keep the sign of zero', () => {
      for (const name of ['expm1', 'log1p', 'tanh', 'erf', 'sin'] as const) {
        expect(evaluate(name, 0, -0), name).toEqual([0, -0]);
      }
    });

    it('limits are reached, and not passed', () => {
      expect(evaluate('tanh', 10, -10, Infinity, -Infinity)).toEqual([1, -1, 1, -1]);
      expect(evaluate('erf', 4, -4, Infinity, -Infinity)).toEqual([1, -1, 1, -1]);
      expect(evaluate('sigmoid', 0, 50, Infinity, -Infinity)).toEqual([0.5, 1, 1, 0]);
      expect(evaluate('exp', 0, Infinity, -Infinity, 100)).toEqual([1, Infinity, 0, Infinity]);
      expect(evaluate('log', 1, 0, -0, Infinity)).toEqual([0, -Infinity, -Infinity, Infinity]);
      expect(evaluate('log1p', -1, -1.5, -Infinity, Infinity)).toEqual([-Infinity, NaN, NaN, Infinity]);
      expect(evaluate('log', -1, -1e-45, -Infinity, NaN)).toEqual([NaN, NaN, NaN, NaN]);
      expect(evaluate('expm1', -Infinity, -50, Infinity, 90)).toEqual([-1, -1, Infinity, Infinity]);
      expect(evaluate('softplus', -Infinity, -200, Infinity, 1e30)).toEqual([
        0,
        0,
        Infinity,
        Math.fround(1e30),
      ]);
      expect(evaluate('sin', Infinity, -Infinity, NaN, 0)).toEqual([NaN, NaN, NaN, 0]);
      expect(evaluate('cos', Infinity, -Infinity, NaN, -0)).toEqual([NaN, NaN, NaN, 1]);
    });

    it('tanh is 1 from where it is held, and nowhere more', () => {
      const held = new Int32Array(new Float32Array([8.7471714]).buffer)[0];
      const before = new Float32Array(Int32Array.from({ length: 2 ** 19 }, (_, i) => held - i).buffer);
      expect(evaluate('tanh', 8.7471714, 8.75, 9, 1e38)).toEqual([1, 1, 1, 1]);
      const evaluator = new Evaluator('tanh', before.length, way);
      evaluator.first.set(before);
      expect(evaluator.run().every((y) => y <= 1)).toBe(true);
    });

    it('tanh, erf and sin are odd, cos is even, to the bit', () => {
      const xs = sweep().filter((x) => x > 0);
      const evaluators = (['tanh', 'erf', 'sin', 'cos'] as const).map(
        (name) => [name, new Evaluator(name, xs.length, way)] as const,
      );
      for (const [name, evaluator] of evaluators) {
        evaluator.first.set(xs);
        const right = evaluator.run().slice();
        evaluator.first.set(xs.map((x) => -x));
        const left = evaluator.run();
        const sign = name === 'cos' ? 1 : -1;
        expect(right.every((value, i) => Object.is(value, sign * left[i]))).toBe(true);
      }
    });
  });

  describe('pow', () => {
    const limit = limits.pow;

    function powers(pairs: [number, number][]): number[] {
      const evaluator = new Evaluator('pow', pairs.length, way);
      evaluator.first.set(pairs.map(([x]) => x));
      evaluator.second.set(pairs.map(([, y]) => y));
      return [...evaluator.run()];
    }

    it('agrees with mpmath', () => {
      const cases = golden.pow as [number, number, number | string][];
      const results = powers(cases.map(([x, y]) => [x, y]));
      cases.forEach(([x, y, exact], i) => {
        expect(distance(results[i], Number(exact)), `${x} ** ${y}`).toBeLessThanOrEqual(limit);
      });
    });

    it('has the corners that NumPy has', () => {
      const cases = golden['pow corners'].map((corner) => corner.map(Number) as [number, number, number]);
      const results = powers(cases.map(([x, y]) => [x, y]));
      cases.forEach(([x, y, expected], i) => {
        expect(distance(results[i], expected), `${x} ** ${y} is ${expected}`).toBeLessThanOrEqual(1);
      });
    });

    it(`is within ${limit} ULP for random bases and exponents of any size`, () => {
      const state = new Uint32Array([2463534242]);
      const random = () => {
        state[0] ^= state[0] << 13;
        state[0] ^= state[0] >>> 17;
        state[0] ^= state[0] << 5;
        return state[0];
      };
      const count = 2 ** 19;
      const evaluator = new Evaluator('pow', count, way);
      const patterns = [evaluator.first, evaluator.second].map(
        (array) => new Uint32Array(array.buffer, array.byteOffset, count),
      );
      for (let i = 0; i < count; i++) {
        patterns[0][i] = random();
        patterns[1][i] = random();
        // In every other pair the exponent is such that the result is neither 0 nor infinite.
        const range = 160 / Math.abs(Math.log2(Math.abs(evaluator.first[i])));
        if (i % 2) evaluator.second[i] = (random() / 2 ** 31 - 1) * range;
      }
      const results = evaluator.run();
      let found = { distance: 0, x: 0, y: 0, result: 0 };
      for (let i = 0; i < count; i++) {
        const [x, y, result] = [evaluator.first[i], evaluator.second[i], results[i]];
        const far = distance(result, pow(x, y));
        if (far > found.distance) found = { distance: far, x, y, result };
      }
      expect(found).toSatisfy(({ distance }: { distance: number }) => distance <= limit);
    });

    it('gives a lane the same value whatever its neighbours are', () => {
      const ordinary: [number, number][] = [
        [2.3, 1.7],
        [0.4, -3.1],
        [9, 0.5],
        [1e-3, 2],
      ];
      const alone = ordinary.flatMap((pair) => powers([pair, pair, pair, pair]).slice(0, 1));
      const intruders: [number, number][] = [
        [-2, 3],
        [0, -1],
        [NaN, 2],
        [2, Infinity],
        [1e-40, 1],
      ];
      for (const intruder of intruders) {
        for (let lane = 0; lane < 4; lane++) {
          expect(powers(ordinary.with(lane, intruder)).with(lane, 0)).toEqual(alone.with(lane, 0));
        }
      }
    });
  });
});
