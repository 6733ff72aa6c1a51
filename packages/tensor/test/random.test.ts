import {
  compile,
  generator,
  portable,
  random,
  tensor,
  variable,
  type Generator,
  type Program,
  type Tensor,
  type TypedArray,
} from '@downhill/tensor';
import { erf } from '../src/portable/erf.js';
import fc from 'fast-check';
import { constantOf } from '../src/lowering/expression.js';
import { constantIndex } from '../src/lowering/index-expression.js';
import { describe, expect, it } from 'vitest';
import { threefry } from '../src/lowering/threefry.js';

/** Key, counter and words of threefry2x32 with 20 rounds in kat_vectors of Random123 (Salmon et al. 2011). */
const KNOWN = [
  { key: [0, 0], counter: [0, 0], words: [0x6b200159, 0x99ba4efe] },
  { key: [-1, -1], counter: [-1, -1], words: [0x1cb996fc, 0xbb002be7] },
  { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], words: [0xc4923a9c, 0x483df7a0] },
];

/** A generator with a key and a number of draws of one's own. */
function generatorAt(key: readonly number[], draws: number): Generator {
  return {
    key: tensor(Int32Array.from(key)),
    counter: variable(tensor(draws, { dtype: 'int32' }), { trainable: false }),
  };
}

/** The 53 bits an element of a uniform float64 draw holds: 27 of the first word, 26 of the second. */
function uniformBits([first, second]: readonly number[]): number {
  return (first >>> 5) * 2 ** 26 + (second >>> 6);
}

describe('Threefry-2x32', () => {
  it.each(KNOWN)(
    'gives the known words $words for key $key and counter $counter',
    ({ key, counter, words }) => {
      const constants = (values: readonly number[]) => values.map((value) => constantOf(value | 0, 'int32'));
      const program: Program = {
        graph: { nodes: [], outputs: [], assignments: [], inputs: [], residents: [], scalars: 0 },
        buffers: [{ role: 'output', slot: 0, dtype: 'int32', length: 2, offset: 0 }],
        kernels: [
          {
            label: 'threefry',
            nodes: [],
            body: threefry(constants(key), constants(counter)).map((value, i) => ({
              kind: 'store',
              buffer: 0,
              index: constantIndex(i),
              value,
            })),
          },
        ],
        arenaBytes: 8,
        inputs: [],
        outputs: [{ shape: [2], dtype: 'int32', buffer: 0 }],
        residents: 0,
        scalars: 0,
        checks: [],
      };
      const { outputs } = portable().compile(program).run({ inputs: [], scalars: [], residents: [] });
      expect(Array.from(outputs[0], (word) => word >>> 0)).toEqual(words);
    },
  );

  it.each(KNOWN.slice(0, 1))(
    'is what draws are made of: element i of draw n has counter (i, n)',
    ({ key, words }) => {
      expect(random.bits([1], { generator: generatorAt(key, 0) }).item() >>> 0).toBe(words[0]);
      const draw = random.uniform([1], { generator: generatorAt(key, 0), dtype: 'float64' });
      expect(draw.item() * 2 ** 53).toBe(uniformBits(words));
      const single = random.uniform([1], { generator: generatorAt(key, 0) });
      expect(single.item() * 2 ** 24).toBe(words[0] >>> 8);
    },
  );

  it('bits do not depend on the shape, and each draw has its own', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        (seed, rows, columns) => {
          const flat = random.bits([rows * columns], { generator: generator(seed) });
          const source = generator(seed);
          const matrix = random.bits([rows, columns], { generator: source });
          expect(matrix.dataSync()).toEqual(flat.dataSync());
          expect(random.bits([rows, columns], { generator: source }).dataSync()).not.toEqual(flat.dataSync());
          expect(source.counter.value.item()).toBe(2);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });

  it('draws anew at each call of a compiled function, and the same as without compile', () => {
    const draw = (source: Generator): Tensor => random.bits([5], { generator: source });
    const [compiledSource, source] = [generator(3), generator(3)];
    const step = compile(() => draw(compiledSource));
    for (let i = 0; i < 3; i++) expect(step().dataSync()).toEqual(draw(source).dataSync());
  });

  it('seeds that differ in the upper word only give other numbers', () => {
    const [low, high] = [5, 5 + 2 ** 32].map((seed) =>
      random.bits([4], { generator: generator(seed) }).dataSync(),
    );
    expect(low).not.toEqual(high);
  });
});

const COUNT = 100_000;

/** The largest distance between the share of elements below x and the distribution's value at x, by √n. */
function kolmogorovSmirnov(values: TypedArray, distribution: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  let most = 0;
  sorted.forEach((x, i) => {
    const expected = distribution(x);
    most = Math.max(most, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  });
  return most * Math.sqrt(sorted.length);
}

/** Exceeded once in a million samples of the distribution itself. */
const KOLMOGOROV_LIMIT = 2.7;

function moment(values: TypedArray, power: number): number {
  return Array.from(values).reduce((sum, x) => sum + x ** power, 0) / values.length;
}

describe.each(['float32', 'float64'] as const)('distributions in %s', (dtype) => {
  it('uniform numbers fill [0, 1) evenly', () => {
    const values = random.uniform([COUNT], { generator: generator(11), dtype }).dataSync();
    expect(values.every((x: number) => x >= 0 && x < 1)).toBe(true);
    // Five standard errors of the mean (1/12 is the variance) and of the second moment (4/45).
    expect(Math.abs(moment(values, 1) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / COUNT));
    expect(Math.abs(moment(values, 2) - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / COUNT));
    expect(kolmogorovSmirnov(values, (x) => x)).toBeLessThan(KOLMOGOROV_LIMIT);
  });

  it('uniform numbers between two bounds stay there', () => {
    const values = random.uniform([COUNT], { generator: generator(12), low: -3, high: 5, dtype }).dataSync();
    expect(values.every((x: number) => x >= -3 && x < 5)).toBe(true);
    expect(kolmogorovSmirnov(values, (x) => (x + 3) / 8)).toBeLessThan(KOLMOGOROV_LIMIT);
  });

  it('normal numbers have the moments and the distribution of the normal law', () => {
    const values = random.normal([COUNT], { generator: generator(13), dtype }).dataSync();
    // Standard errors of the first four moments: the variances of x, x², x³, x⁴ are 1, 2, 15, 96.
    [0, 1, 0, 3].forEach((expected, i) => {
      const error = Math.sqrt([1, 2, 15, 96][i] / COUNT);
      expect(Math.abs(moment(values, i + 1) - expected)).toBeLessThan(5 * error);
    });
    const law = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
    expect(kolmogorovSmirnov(values, law)).toBeLessThan(KOLMOGOROV_LIMIT);
  });

  it('mean and deviation move and stretch the normal law', () => {
    const plain = random.normal([50], { generator: generator(14), dtype }).dataSync();
    const moved = random.normal([50], { generator: generator(14), mean: 2, deviation: 3, dtype }).dataSync();
    moved.forEach((x, i) => {
      expect(x).toBeCloseTo(2 + 3 * plain[i], 4);
    });
  });
});

describe('choices', () => {
  it.each([0, 0.03, 0.5, 0.97, 1])('bernoulli is true at a rate of %d', (probability) => {
    const draw = random.bernoulli([COUNT], { generator: generator(15), probability });
    expect(draw.dtype).toBe('bool');
    const error = 5 * Math.sqrt((probability * (1 - probability)) / COUNT);
    expect(Math.abs(moment(draw.dataSync(), 1) - probability)).toBeLessThanOrEqual(error);
  });

  it('a permutation holds each place once', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.maxSafeNat(), (count, seed) => {
        const places = random.permutation(count, { generator: generator(seed) });
        expect(places.dtype).toBe('int32');
        expect(Array.from(places.dataSync()).sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, i) => i),
        );
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('all orders of three are about as frequent', () => {
    const source = generator(16);
    const draw = compile(() => random.permutation(3, { generator: source }));
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = draw().dataSync().join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Pearson's statistic with five degrees of freedom, exceeded once in a million.
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(36);
  });
});
