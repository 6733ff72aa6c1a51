import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../src/assembler.js';
import { CONTROL } from '../src/control.js';
import { writeClaim } from '../src/division.js';

type Claim = (
  control: number,
  thread: number,
  threads: number,
  units: number,
  last: number,
) => [from: number, to: number];

/** What has been claimed stands in a memory of its own. */
function instantiate(): { claim: Claim; words: Int32Array } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const module = new ModuleBuilder();
  module.importMemory('host', 'memory', { initial: 1, maximum: 1 });
  writeClaim(module.function(['i32', 'i32', 'i32', 'i32', 'i32'], ['i32', 'i32'], 'claim'));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { host: { memory } });
  return { claim: exports.claim as Claim, words: new Int32Array(memory.buffer, CONTROL_AT) };
}

/** Where the control words lie. */
const CONTROL_AT = 64;

/** The pieces each thread gets, where `next` says which asks next, until none gets any. */
function divide(
  units: number,
  threads: number,
  next: (asking: readonly number[]) => number,
  { claim } = instantiate(),
): number[][][] {
  const pieces = Array.from({ length: threads }, (): number[][] => []);
  for (let asking = pieces.map((_, thread) => thread); asking.length > 0;) {
    const thread = next(asking);
    const last = pieces[thread].at(-1)?.[0] ?? -1;
    const [from, to] = claim(CONTROL_AT, thread, threads, units, last);
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
    // The last piece is left to the slow one.
    expect(slow).toEqual([
      [0, 400],
      [775, 800],
    ]);
    const halves = (from: number): number[][] => [
      [from, from + 200],
      [from + 200, from + 300],
      [from + 300, from + 350],
      [from + 350, from + 375],
    ];
    expect(fast).toEqual([[800, 1200], ...halves(1200), [1575, 1600], ...halves(400)]);
  });

  test('stays with its owners, where none is more than a piece ahead', () => {
    const parts = fc.record({
      part: fc.integer({ min: 5, max: 300 }),
      threads: sizes.threads,
      order: fc.infiniteStream(fc.nat()),
    });
    fc.assert(
      fc.property(parts, ({ part, threads, order }) => {
        const asked = new Array<number>(threads).fill(0);
        const pieces = divide(part * threads, threads, (asking) => {
          const least = Math.min(...asking.map((thread) => asked[thread]));
          const near = asking.filter((thread) => asked[thread] <= least + 1);
          const { value } = order.next() as IteratorYieldResult<number>;
          const thread = near[value % near.length];
          asked[thread]++;
          return thread;
        });
        pieces.forEach((own, thread) => {
          expect(own.every(([from, to]) => from >= thread * part && to <= (thread + 1) * part)).toBe(true);
        });
      }),
    );
  });

  test('is all to be done again after the next barrier', () => {
    const { claim, words } = instantiate();
    const parts = (): number[][][] => divide(1600, 2, (asking) => asking[0], { claim, words });
    const before = parts();
    words[CONTROL.opened]++;
    expect(parts()).toEqual(before);
  });
});
