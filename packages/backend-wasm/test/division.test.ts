import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../src/assembler.js';
import { writeClaim } from '../src/division.js';

type Claim = (
  control: number,
  thread: number,
  threads: number,
  units: number,
  last: number,
) => [from: number, to: number];

/** What has been claimed stands in a memory of its own. */
function instantiate(): Claim {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const module = new ModuleBuilder();
  module.importMemory('host', 'memory', { initial: 1, maximum: 1 });
  writeClaim(module.function(['i32', 'i32', 'i32', 'i32', 'i32'], ['i32', 'i32'], 'claim'));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { host: { memory } });
  return exports.claim as Claim;
}

/** The pieces each thread gets, where `next` says which asks next, until none gets any. */
function divide(units: number, threads: number, next: (asking: readonly number[]) => number): number[][][] {
  const claim = instantiate();
  const pieces = Array.from({ length: threads }, (): number[][] => []);
  for (let asking = pieces.map((_, thread) => thread); asking.length > 0;) {
    const thread = next(asking);
    const last = pieces[thread].at(-1)?.[0] ?? -1;
    const [from, to] = claim(64, thread, threads, units, last);
    if (from < units) pieces[thread].push([from, to]);
    else asking = asking.filter((each) => each !== thread);
  }
  return pieces;
}

const sizes = { units: fc.integer({ min: 1, max: 3000 }), threads: fc.integer({ min: 1, max: 9 }) };

describe('what is divided among threads', () => {
  test('is done once, whoever is faster', () => {
    const order = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(fc.record({ ...sizes, order }), ({ units, threads, order }) => {
        const done = new Uint8Array(units);
        const pieces = divide(units, threads, (asking) => {
          const { value } = order.next() as IteratorYieldResult<number>;
          return asking[value % asking.length];
        });
        for (const [from, to] of pieces.flat()) {
          expect(to).toBeGreaterThan(from);
          for (let unit = from; unit < to; unit++) done[unit]++;
        }
        expect(done.every((times) => times === 1)).toBe(true);
      }),
    );
  });

  test('is done in equal parts, where all are equally fast', () => {
    fc.assert(
      fc.property(fc.record(sizes), ({ units, threads }) => {
        const most = Math.ceil(units / threads);
        let turn = 0;
        const pieces = divide(units, threads, (asking) => asking[turn++ % asking.length]);
        pieces.forEach((own, thread) => {
          const done = own.reduce((sum, [from, to]) => sum + to - from, 0);
          if (units % threads === 0) expect(done).toBe(most);
          if (thread * most < units) expect(own[0][0]).toBe(thread * most);
        });
      }),
    );
  });

  test('is left to one thread piece by piece, where the other is held up after its first', () => {
    const asked = [0, 0];
    const [slow, fast] = divide(1600, 2, (asking) => {
      // The first asks once, then not before the second has got all it can.
      const thread = asked[0] === 0 || !asking.includes(1) ? 0 : 1;
      asked[thread]++;
      return thread;
    });
    expect(slow).toEqual([[0, 400]]);
    expect(fast[0]).toEqual([800, 1200]);
    expect(fast.slice(1).every(([from, to]) => to - from === 100)).toBe(true);
    expect(fast).toHaveLength(9);
  });
});
