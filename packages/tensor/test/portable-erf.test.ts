import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { erf } from '../src/portable/erf.js';

interface Golden {
  readonly source: string;
  readonly x: readonly number[];
  readonly erf: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('./portable-erf.json', import.meta.url), 'utf8')) as Golden;

test(`erf is within 1e-15 of SciPy's, relatively`, () => {
  const wrong = golden.x.filter((x, i) => Math.abs(erf(x) - golden.erf[i]) > 1e-15 * Math.abs(golden.erf[i]));
  expect(golden.x.length).toBeGreaterThan(200);
  expect(wrong).toEqual([]);
});

test('erf is odd, keeps zeros and NaN, and ends at 1', () => {
  expect(erf(0)).toBe(0);
  expect(erf(-0)).toBe(-0);
  expect(erf(NaN)).toBeNaN();
  expect(erf(Infinity)).toBe(1);
  expect(erf(-Infinity)).toBe(-1);
  for (const x of golden.x) expect(erf(-x)).toBe(-erf(x));
});
