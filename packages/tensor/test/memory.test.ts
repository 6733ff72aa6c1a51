import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALIGNMENT, planMemory, type Lifetime } from '../src/lowering/memory.js';

/** Lifetimes within 30 kernels. */
const lifetimes = (bytes: fc.Arbitrary<number>): fc.Arbitrary<Lifetime[]> =>
  fc.array(
    fc
      .record({ bytes, first: fc.nat(29), length: fc.nat(12) })
      .map(({ first, length, ...rest }) => ({ ...rest, first, last: first + length })),
    { maxLength: 40 },
  );

const largestSum = (all: readonly Lifetime[]): number =>
  Math.max(
    0,
    ...all.map(({ first: now }) =>
      all.reduce((sum, { bytes, first, last }) => sum + (first <= now && now <= last ? bytes : 0), 0),
    ),
  );

describe('planning of memory', () => {
  test('what overlaps in time does not overlap in space', () => {
    fc.assert(
      fc.property(lifetimes(fc.nat(5000)), (all) => {
        const { offsets, bytes } = planMemory(all);
        all.forEach((a, i) => {
          expect(offsets[i] % ALIGNMENT).toBe(0);
          expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
          all.slice(0, i).forEach((b, j) => {
            if (a.last < b.first || b.last < a.first) return;
            expect(offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i]).toBe(true);
          });
        });
      }),
    );
  });

  test('where all are of one size, no more is needed than is live at one time', () => {
    fc.assert(
      fc.property(lifetimes(fc.constant(ALIGNMENT)), (all) => {
        expect(planMemory(all).bytes).toBe(largestSum(all));
      }),
    );
  });
});
