import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothed } from '../src/parts/smoothing.js';

const curve = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1 });
const span = fc.integer({ min: 1, max: 200 });

describe('a smoothed curve', () => {
  it('by hand: each value counts half of the next, for a span of 2', () => {
    // 4; (4/2 + 1) / (3/2); (4/4 + 1/2 + 8) / (7/4)
    expect(smoothed([4, 1, 8], 2)).toEqual([4, 2, 38 / 7]);
  });

  it('is the curve itself for a span of 1, and begins where the curve begins for all', () => {
    fc.assert(
      fc.property(curve, span, (values, span) => {
        expect(smoothed(values, 1)).toEqual(values);
        expect(smoothed(values, span)[0]).toBe(values[0]);
      }),
    );
  });

  it('stays between the lowest and the highest so far', () => {
    fc.assert(
      fc.property(curve, span, (values, span) => {
        smoothed(values, span).forEach((value, i) => {
          const before = values.slice(0, i + 1);
          expect(value).toBeGreaterThanOrEqual(Math.min(...before) - 1e-9);
          expect(value).toBeLessThanOrEqual(Math.max(...before) + 1e-9);
        });
      }),
    );
  });
});
