import { setFlagsFromString } from 'node:v8';
import { wasm } from '@downhill/backend-wasm';
import { compile, generator, matmul, portable, random, setBackend, type TypedArray } from '@downhill/tensor';
import { afterAll, describe, expect, test } from 'vitest';
import { tryFlag, type Trial } from '../src/engine-flags.js';
import { isRelaxed } from '../src/features.js';

// Flags hold for the whole process, and each file of tests has one of its own.
const version = Number(process.versions.v8?.split('.')[0]);

afterAll(() => {
  setBackend(portable());
});

/** Products of several shapes, and the sums of the absolute values of what was added up. */
function products(): TypedArray[] {
  const source = generator(5);
  return [
    [64, 64, 64],
    [37, 129, 53],
    [5, 700, 11],
  ].flatMap(([rows, sums, columns]) => {
    const [a, b] = [
      [rows, sums],
      [sums, columns],
    ].map((shape) => random.normal(shape, { generator: source }));
    const step = compile(() => [matmul(a, b), matmul(a.abs(), b.abs())]);
    return step().map((product) => product.dataSync());
  });
}

/** Compares what {@link products} gave: each product with its sum of absolute values, which no rounding moves by much. */
function expectAlike(found: TypedArray[], expected: TypedArray[], tolerance: number): void {
  found.forEach((product, i) => {
    const magnitude = expected[i % 2 === 0 ? i + 1 : i];
    product.forEach((value, place) => {
      const error = Math.abs(value - expected[i][place]);
      expect(error).toBeLessThanOrEqual(tolerance * magnitude[place]);
    });
  });
}

test('relaxed multiply-add comes with V8 11.4, after Node 20', async () => {
  expect((await wasm({ threads: 1 })).relaxed).toBe(version > 11);
});

const trial = (sums: number[], ...times: number[]): Trial[] =>
  times.map((time, i) => ({
    name: ['products', 'convolutions'][i],
    sums: Float32Array.from(sums),
    products: 2,
    time,
  }));
const relaxedSimd = { name: '--experimental-wasm-relaxed-simd', tolerance: 1e-6 };

describe('a flag of the engine', () => {
  test.each([
    ['that gains nothing', trial([1, 2], 0.96, 1), 'products 0.96, convolutions 0.50 of the time without it'],
    [
      'by which one work loses',
      trial([1, 2], 0.5, 2.4),
      'products 0.50, convolutions 1.20 of the time without it',
    ],
    ['that changes results', trial([1, 2.1], 0.5, 1), 'results differ'],
    ['that makes them NaN', trial([1, NaN], 0.5, 1), 'results differ'],
    ['with which the trial fails', undefined, 'Error: no instruction'],
  ])('%s is taken back, and that is said', (_, after, why) => {
    const set: string[] = [];
    const results = [trial([1, 2], 1, 2), after];
    const engine = tryFlag(
      relaxedSimd,
      (flag) => set.push(flag),
      () => {
        const next = results.shift();
        if (next === undefined) throw new Error('no instruction');
        return next;
      },
    );
    expect(set).toEqual(['--experimental-wasm-relaxed-simd', '--no-experimental-wasm-relaxed-simd']);
    expect(engine).toEqual({ flag: undefined, report: `${relaxedSimd.name} is not used: ${why}` });
  });

  test('that all works gain by stays, where results move within the tolerance', () => {
    const set: string[] = [];
    const results = [trial([1, 2], 1, 2), trial([1, 2 + 1e-6], 0.5, 1.8)];
    const engine = tryFlag(
      relaxedSimd,
      (flag) => set.push(flag),
      () => results.shift() ?? [],
    );
    expect(set).toEqual([relaxedSimd.name]);
    expect(engine).toEqual({
      flag: relaxedSimd.name,
      report: `${relaxedSimd.name}: products 0.50, convolutions 0.90 of the time without it`,
    });
  });

  test.runIf(version === 11)('that is taken back is not in force any more', () => {
    const seen: boolean[] = [];
    tryFlag(relaxedSimd, setFlagsFromString, () => {
      seen.push(isRelaxed());
      return trial([1], 1);
    });
    expect([...seen, isRelaxed()]).toEqual([false, true, false]);
  });

  test('is set if asked for, where it helps; results stay right', async () => {
    const plain = await wasm();
    expect(plain.engine).toEqual({ flag: undefined, report: 'engine flags were not asked for' });
    setBackend(plain);
    const expected = products();
    plain.close();

    const backend = await wasm({ engineFlags: true, threads: 2 });
    const { flag, report } = backend.engine;
    const names: Record<number, string> = { 11: relaxedSimd.name, 13: '--experimental-wasm-revectorize' };
    const name = names[version];
    // Where neighbours take the machine's time, a flag may seem to gain nothing.
    if (name === undefined) expect(report).toBe(`no flag is known to help V8 ${process.versions.v8}`);
    else
      expect(report).toMatch(
        /^--experimental-\S+(:| is not used:) products [\d.]+, convolutions [\d.]+, gradients by weights [\d.]+ of the time without it$/,
      );
    expect([undefined, name]).toContain(flag);
    if (version === 11) expect(isRelaxed()).toBe(flag !== undefined);
    setBackend(backend);
    expectAlike(products(), expected, flag === relaxedSimd.name ? relaxedSimd.tolerance : 0);
    backend.close();
  });

  test.runIf(version === 11)('relaxed SIMD moves results by no more than its tolerance', async () => {
    const plain = await wasm();
    setBackend(plain);
    const expected = products();
    setFlagsFromString(relaxedSimd.name);
    try {
      const relaxed = await wasm();
      setBackend(relaxed);
      const found = products();
      expect(found).not.toEqual(expected);
      expectAlike(found, expected, relaxedSimd.tolerance);
      relaxed.close();
    } finally {
      setFlagsFromString('--no-experimental-wasm-relaxed-simd');
      plain.close();
    }
  });

  test('is tried once for the process', async () => {
    const [first, second] = [await wasm({ engineFlags: true }), await wasm({ engineFlags: true })];
    expect(second.engine).toBe(first.engine);
    first.close();
    second.close();
  });
});
