/**
 * What one core can do at most in 128-bit vectors: multiply-adds of float32 that wait for nothing but each other, with
 * all operands in registers. Everything else is read beside this figure, because machines and their neighbours differ.
 */

/** Enough chains to hide the latency of an addition after a multiplication, few enough to stay in 16 registers. */
const CHAINS = 12;
/** Multiply-adds of each chain in one round of the loop. */
const UNROLLED = 2;
const ROUNDS = 40_000;
/** Fifths of a millisecond each: a few of them are spared by neighbours, and the engine has its best code by then. */
const RUNS = 1000;
const FLOPS = ROUNDS * CHAINS * UNROLLED * 4 * 2;

export interface Peak {
  readonly gigaflops: number;
  readonly instruction: string;
}

/** The best of many short runs, with relaxed multiply-add where the engine has it and where it is faster. */
export function measurePeak(): Peak {
  const plain = { gigaflops: bestOf(assemble(MULTIPLY_THEN_ADD)), instruction: 'mul + add' };
  const relaxed = assemble(RELAXED_MADD);
  if (!WebAssembly.validate(relaxed)) return plain;
  const fused = { gigaflops: bestOf(relaxed), instruction: 'relaxed_madd' };
  return fused.gigaflops > plain.gigaflops ? fused : plain;
}

function bestOf(bytes: Uint8Array<ArrayBuffer>): number {
  const run = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run as (
    rounds: number,
  ) => number;
  let best = Infinity;
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    run(ROUNDS);
    best = Math.min(best, performance.now() - start);
  }
  return FLOPS / best / 1e6;
}

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const floatConstant = (value: number): number[] => [
  0x43,
  ...new Uint8Array(new Float32Array([value]).buffer),
];
const SPLAT = [0xfd, 0x13];
const EXTRACT_FIRST_LANE = [0xfd, 0x1f, 0];
const MULTIPLY = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const RELAXED = [0xfd, 0x85, 0x02];

/** Locals: 0 is the number of rounds left, then the factor, the summand and the chains. */
const FACTOR = 1;
const SUMMAND = 2;
const CHAIN = 3;

const MULTIPLY_THEN_ADD = [...get(FACTOR), ...MULTIPLY, ...get(SUMMAND), ...ADD];
const RELAXED_MADD = [...get(FACTOR), ...get(SUMMAND), ...RELAXED];

/** A module whose `run(rounds)` takes each chain through `rounds` times {@link UNROLLED} multiply-adds. */
function assemble(multiplyAdd: readonly number[]): Uint8Array<ArrayBuffer> {
  const chains = Array.from({ length: CHAINS }, (_, i) => CHAIN + i);
  const start = (local: number, value: number) => [...floatConstant(value), ...SPLAT, ...set(local)];
  const body = [
    ...[1, CHAIN - 1 + CHAINS, V128], // one group of locals
    ...start(FACTOR, 0.999),
    ...start(SUMMAND, 0.001),
    ...chains.flatMap((chain) => start(chain, chain)), // different values: equal chains would be merged
    ...[0x03, 0x40], // loop
    ...Array.from({ length: UNROLLED }, () =>
      chains.flatMap((chain) => [...get(chain), ...multiplyAdd, ...set(chain)]),
    ).flat(),
    ...[...get(0), 0x41, 1, 0x6b, 0x22, 0], // one round less
    ...[0x0d, 0, 0x0b], // again if any is left
    ...get(CHAIN),
    ...chains.slice(1).flatMap((chain) => [...get(chain), ...ADD]), // a result that needs them all
    ...EXTRACT_FIRST_LANE,
    0x0b,
  ];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F32]), // (i32) -> f32
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...length(body.length), ...body]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...length(content.length), ...content];
}

/** A length of up to 2^14 - 1 in the variable-length encoding of WebAssembly. */
function length(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, value >> 7];
}
