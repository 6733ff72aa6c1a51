/**
 * WebAssembly's instructions, by the names of the text format: a table for each kind of immediate that
 * follows an opcode: none, a lane, an address, an address and a lane.
 *
 * A code up to 0xff is one byte. A longer one is the prefix byte (0xfc, 0xfd, 0xfe) and three hex digits of
 * sub-opcode: `0xfd0e4` is prefix 0xfd, sub-opcode 0xe4.
 */

/**
 * Instructions without an immediate (operands and result are on the stack), by their type: where a run of codes begins, and
 * the names in it; `-` is one that is not used.
 */
const RUNS = {
  i32: [
    [0x45, 'eqz eq ne lt_s lt_u gt_s gt_u le_s - ge_s ge_u'],
    [0x6a, 'add sub mul div_s div_u rem_s - and or xor shl shr_s shr_u rotl'],
    [0xfc000, 'trunc_sat_f32_s - trunc_sat_f64_s'],
  ],
  i64: [
    [0x53, 'lt_s'],
    [0x83, 'and - xor - shr_s'],
    [0xbd, 'reinterpret_f64'],
  ],
  f32: [
    [0x5b, 'eq ne lt gt le'],
    [0x8b, 'abs neg ceil floor - nearest sqrt add sub mul div min max copysign'],
    [0xb2, 'convert_i32_s - - - demote_f64'],
  ],
  f64: [
    [0x61, 'eq ne lt gt le ge'],
    [0x99, 'abs neg ceil floor - nearest sqrt add sub mul div min max copysign'],
    [0xb7, 'convert_i32_s - - - promote_f32'],
  ],
  i32x4: [
    [0xfd011, 'splat'],
    [0xfd037, 'eq ne lt_s - gt_s - le_s - ge_s ge_u'],
    [0xfd0a0, 'abs neg'],
    [0xfd0a9, 'extend_low_i16x8_u - shl shr_s shr_u add - - sub - - - mul min_s - max_s max_u'],
    [0xfd0f8, 'trunc_sat_f32x4_s'],
  ],
  f32x4: [
    [0xfd013, 'splat'],
    [0xfd041, 'eq ne lt gt le ge'],
    [0xfd05e, 'demote_f64x2_zero'],
    [0xfd067, 'ceil floor trunc nearest'],
    [0xfd0e0, 'abs neg - sqrt add sub mul div min max pmin pmax'],
    [0xfd0fa, 'convert_i32x4_s'],
    // Relaxed SIMD: not on Node 20 without a flag, and whether it rounds once or twice is up to the machine.
    [0xfd105, 'relaxed_madd'],
  ],
  f64x2: [
    [0xfd014, 'splat'],
    [0xfd05f, 'promote_low_f32x4'],
    [0xfd0f0, 'add sub mul div - - pmin pmax'],
    [0xfd0fe, 'convert_low_i32x4_s'],
    [0xfd107, 'relaxed_madd'],
  ],
  v128: [[0xfd04d, 'not and andnot or xor bitselect any_true']],
  i16x8: [[0xfd089, 'extend_low_i8x16_u']],
} as const;

type Names<Text extends string> = Text extends `${infer Name} ${infer Rest}` ? Name | Names<Rest> : Text;
type Typed = {
  [Type in keyof typeof RUNS]: `${Type}.${Exclude<Names<(typeof RUNS)[Type][number][1]>, '-'>}`;
}[keyof typeof RUNS];

/** Those whose operands have any type. */
const untyped = { unreachable: 0x00, drop: 0x1a, select: 0x1b } as const;

export type PlainOp = keyof typeof untyped | Typed;

export const plainOpcodes = {
  ...untyped,
  ...Object.fromEntries(
    Object.entries(RUNS).flatMap(([type, runs]) =>
      runs.flatMap(([first, names]) => names.split(' ').map((name, i) => [`${type}.${name}`, first + i])),
    ),
  ),
} as Readonly<Record<PlainOp, number>>;

/** Instructions whose immediate is a lane number. */
export const laneOpcodes = {
  'i32x4.extract_lane': 0xfd01b,
  'i32x4.replace_lane': 0xfd01c,
  'f32x4.extract_lane': 0xfd01f,
  'f32x4.replace_lane': 0xfd020,
  'f64x2.extract_lane': 0xfd021,
} as const;

/**
 * Instructions whose immediate is an address: the last hex digit is log2 of the bytes it is a multiple of. Vectors lie where
 * their numbers do.
 */
export const memoryOpcodes = {
  'i32.load': 0x28_2,
  'i64.load': 0x29_3,
  'f32.load': 0x2a_2,
  'f64.load': 0x2b_3,
  'i32.load8_u': 0x2d_0,
  'i32.store': 0x36_2,
  'i64.store': 0x37_3,
  'f32.store': 0x38_2,
  'f64.store': 0x39_3,
  'i32.store8': 0x3a_0,
  'v128.load': 0xfd000_2,
  'v128.load32_splat': 0xfd009_2,
  'v128.store': 0xfd00b_2,
  'v128.load32_zero': 0xfd05c_0,
  'memory.atomic.notify': 0xfe000_2,
  'memory.atomic.wait32': 0xfe001_2,
  'i32.atomic.load': 0xfe010_2,
  'i32.atomic.store': 0xfe017_2,
  'i32.atomic.rmw.add': 0xfe01e_2,
  'i32.atomic.rmw.sub': 0xfe025_2,
  'i32.atomic.rmw.cmpxchg': 0xfe048_2,
} as const;

/** Instructions whose immediates are an address, coded as above, and a lane number. */
export const memoryLaneOpcodes = {
  'v128.load32_lane': 0xfd056_2,
  'v128.store32_lane': 0xfd05a_2,
} as const;

export type LaneOp = keyof typeof laneOpcodes;
export type MemoryOp = keyof typeof memoryOpcodes;
export type MemoryLaneOp = keyof typeof memoryLaneOpcodes;
