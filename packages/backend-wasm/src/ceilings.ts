import type { Ceilings } from '@downhill/tensor';
import { ModuleBuilder } from './assembler.js';
import { isRelaxed } from './features.js';

/** Enough chains to hide the latency of an addition after a multiplication, few enough to stay in 15 registers. */
const CHAINS = 13;
/** Multiply-adds of each chain in one round of the loop; with V8 11 (Node 20) one gives a fifth less, and so do four. */
const UNROLLED = 2;
const ROUNDS = 20_000;
/** Fractions of a millisecond each: a few of them are spared by neighbours, and the engine has its best code by then. */
const RUNS = 300;

/** More than a level-3 cache holds. */
const COPIED = 64 * 1024 ** 2;
const COPIES = 8;

/**
 * What one core can do in 128-bit vectors: multiply-adds of float32 that wait for nothing but each other, relaxed ones
 * where the engine has them and they are faster; and bytes read plus written by copying from memory to memory.
 */
export function measureCeilings(): Ceilings {
  return { flops: Math.max(multiplyAdds(false), isRelaxed() ? multiplyAdds(true) : 0), bytes: copiedBytes() };
}

/** Flops a second. */
function multiplyAdds(relaxed: boolean): number {
  const module = new ModuleBuilder(relaxed);
  const f = module.function(['i32'], ['f32'], 'run');
  const chains = Array.from({ length: CHAINS }, () => f.local('v128'));
  chains.forEach((chain, i) => f.f32x4Const(i + 1).set(chain));
  // Not vector constants, which V8 11 would make anew at each use.
  const [factor, summand] = [0.999, 0.001].map((value) => {
    const local = f.local('v128');
    f.f32Const(value).op('f32x4.splat').set(local);
    return local;
  });
  f.whileLoop(
    () => f.get(0),
    () => {
      for (let i = 0; i < UNROLLED; i++) {
        for (const chain of chains) {
          f.get(chain)
            .get(factor)
            .multiplyAdd(() => f.get(summand))
            .set(chain);
        }
      }
      f.get(0).i32Const(1).op('i32.sub').set(0);
    },
  );
  f.get(chains[0]);
  for (const chain of chains.slice(1)) f.get(chain).op('f32x4.add');
  f.lane('f32x4.extract_lane', 0);
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(module.finish())).exports;
  const seconds = bestOf(RUNS, () => (run as (rounds: number) => number)(ROUNDS));
  return (ROUNDS * UNROLLED * CHAINS * 8) / seconds;
}

function copiedBytes(): number {
  const from = new Uint8Array(COPIED).fill(1);
  const to = new Uint8Array(COPIED).fill(2);
  const seconds = bestOf(COPIES, () => {
    to.set(from);
  });
  return (2 * COPIED) / seconds;
}

/** How many seconds it takes at best. */
export function bestOf(runs: number, run: () => unknown): number {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best / 1000;
}
