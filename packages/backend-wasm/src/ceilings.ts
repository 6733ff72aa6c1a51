import type { Ceilings } from '@downhill/tensor';
import type { FunctionBuilder } from './assembler.js';
import { ModuleBuilder } from './assembler.js';

/** Enough chains to hide the latency of an addition after a multiplication, few enough to stay in 15 registers. */
const CHAINS = 12;
const ROUNDS = 40_000;
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
  const kinds = [
    (f: FunctionBuilder): FunctionBuilder => f.op('f32x4.mul').f32x4Const(0.001).op('f32x4.add'),
    (f: FunctionBuilder): FunctionBuilder => f.f32x4Const(0.001).op('f32x4.relaxed_madd'),
  ];
  return { flops: Math.max(...kinds.map(multiplyAdds)), bytes: copiedBytes() };
}

/** Flops a second; 0 where the engine does not know the instruction. */
function multiplyAdds(multiplyAdd: (f: FunctionBuilder) => FunctionBuilder): number {
  const module = new ModuleBuilder();
  const f = module.function(['i32'], ['f32'], 'run');
  const chains = Array.from({ length: CHAINS }, () => f.local('v128'));
  chains.forEach((chain, i) => f.f32x4Const(i + 1).set(chain));
  f.whileLoop(
    () => f.get(0),
    () => {
      for (const chain of chains) multiplyAdd(f.get(chain).f32x4Const(0.999)).set(chain);
      f.get(0).i32Const(1).op('i32.sub').set(0);
    },
  );
  f.get(chains[0]);
  for (const chain of chains.slice(1)) f.get(chain).op('f32x4.add');
  f.lane('f32x4.extract_lane', 0);
  const bytes = module.finish();
  if (!WebAssembly.validate(bytes)) return 0;
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const seconds = bestOf(RUNS, () => (run as (rounds: number) => number)(ROUNDS));
  return (ROUNDS * CHAINS * 8) / seconds;
}

function copiedBytes(): number {
  const from = new Uint8Array(COPIED).fill(1);
  const to = new Uint8Array(COPIED).fill(2);
  const seconds = bestOf(COPIES, () => {
    to.set(from);
  });
  return (2 * COPIED) / seconds;
}

function bestOf(runs: number, run: () => unknown): number {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best / 1000;
}
