/**
 * A WebAssembly assembler: a `ModuleBuilder` collects imports and functions, a `FunctionBuilder` appends one
 * function's instructions, in stack order, to one growing byte array. Nothing is kept as objects or nested
 * lists, because a training step has tens of thousands of instructions and is assembled while someone waits.
 *
 * The engine validates the module; this file checks only what would come out as something else: instructions it does not
 * know, numbers that do not fit their immediate, and locals that are given back twice.
 */
import {
  laneOpcodes,
  memoryLaneOpcodes,
  memoryOpcodes,
  plainOpcodes,
  type LaneOp,
  type MemoryLaneOp,
  type MemoryOp,
  type PlainOp,
} from './opcodes.js';

const valueTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

export type ValueType = keyof typeof valueTypes;

/** An i32 operand of a structured helper: a constant, or a callback that emits code which leaves one i32. */
export type Operand = number | (() => void);

/** The memory that every module of a backend shares; sizes are in pages of 64 KiB. */
export interface MemoryLimits {
  initial: number;
  maximum: number;
  shared?: boolean;
}

const scratch = new DataView(new ArrayBuffer(16));

/** A byte array that grows by doubling, with the encodings that WebAssembly is made of. */
class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  append(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.length);
    this.length += values.length;
  }

  /** The first `count` bytes of the scratch buffer: a little-endian immediate. */
  appendScratch(count: number): void {
    this.#reserve(count);
    for (let i = 0; i < count; i++) this.#bytes[this.length++] = scratch.getUint8(i);
  }

  /** Unsigned LEB128 of an integer in [0, 2^32). */
  unsigned(value: number): void {
    if (!(value >= 0 && value < 2 ** 32 && Number.isInteger(value))) {
      throw new RangeError(`assembler: expected an integer in [0, 2^32), got ${value}`);
    }
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value;
    while (rest < -0x40 || rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** Signed LEB128 of a 64-bit integer. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    while (rest < -0x40n || rest > 0x3fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  name(text: string): void {
    const utf8 = new TextEncoder().encode(text);
    this.unsigned(utf8.length);
    this.append(utf8);
  }

  types(types: readonly ValueType[]): void {
    this.unsigned(types.length);
    for (const type of types) this.byte(valueTypes[type]);
  }

  /** A view of what was written so far. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** What another writer holds, preceded by its size. */
  sized(content: ByteWriter): void {
    this.unsigned(content.length);
    this.append(content.written());
  }
}

/**
 * One function's code. Methods append instructions in the order in which the stack machine runs them and
 * return the builder, so `f.get(a).get(b).op('f32x4.add').set(c)` is c = a + b.
 */
export class FunctionBuilder {
  readonly index: number;
  readonly #parameters: readonly ValueType[];
  readonly #relaxed: boolean;
  readonly #code = new ByteWriter(1024);
  /** Runs before the code: fills the locals that hold vector constants. */
  readonly #prologue = new ByteWriter(256);
  /** From a constant's words to its local. */
  readonly #constants = new Map<string, number>();
  readonly #localTypes: ValueType[] = [];
  readonly #freeLocals: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };

  /** `index` is what `call` takes; the function's parameters are the locals 0, 1, ... */
  constructor(index: number, parameters: readonly ValueType[], relaxed = false) {
    this.index = index;
    this.#parameters = parameters;
    this.#relaxed = relaxed;
  }

  #newLocal(type: ValueType): number {
    return this.#parameters.length + this.#localTypes.push(type) - 1;
  }

  /** A local of this type: one that was released, else a new one. It may hold an old value. */
  local(type: ValueType): number {
    return this.#freeLocals[type].pop() ?? this.#newLocal(type);
  }

  /** Gives locals back, for `local` to hand out again. */
  release(...locals: number[]): void {
    for (const local of locals) {
      const type = this.#localTypes[local - this.#parameters.length];
      if (type === undefined || this.#freeLocals[type].includes(local)) {
        throw new RangeError(`assembler: ${local} is not a local that can be released`);
      }
      this.#freeLocals[type].push(local);
    }
  }

  /** An instruction whose immediate is an index. */
  #indexed(code: number, index: number): this {
    this.#code.byte(code);
    this.#code.unsigned(index);
    return this;
  }

  get(local: number): this {
    return this.#indexed(0x20, local);
  }

  set(local: number): this {
    return this.#indexed(0x21, local);
  }

  tee(local: number): this {
    return this.#indexed(0x22, local);
  }

  /** A 32-bit integer, signed or unsigned: -1 and 0xffffffff are the same. */
  i32Const(value: number): this {
    if (!(value >= -(2 ** 31) && value < 2 ** 32 && Number.isInteger(value))) {
      throw new RangeError(`assembler: expected a 32-bit integer, got ${value}`);
    }
    this.#code.byte(0x41);
    this.#code.signed(value | 0);
    return this;
  }

  /** Adds to the i32 on the stack; 0 is no instruction. */
  plus(value: number): this {
    return value === 0 ? this : this.i32Const(value).op('i32.add');
  }

  /** Multiplies the i32 on the stack; by 1 is no instruction. */
  times(value: number): this {
    return value === 1 ? this : this.i32Const(value).op('i32.mul');
  }

  i64Const(value: bigint): this {
    this.#code.byte(0x42);
    this.#code.signed64(value);
    return this;
  }

  f32Const(value: number): this {
    scratch.setFloat32(0, value, true);
    this.#code.byte(0x43);
    this.#code.appendScratch(4);
    return this;
  }

  f64Const(value: number): this {
    scratch.setFloat64(0, value, true);
    this.#code.byte(0x44);
    this.#code.appendScratch(8);
    return this;
  }

  /** Four float32 lanes; one argument fills them all. */
  f32x4Const(a: number, b = a, c = a, d = a): this {
    [a, b, c, d].forEach((value, lane) => scratch.setFloat32(4 * lane, value, true));
    return this.#v128Const();
  }

  /** Four int32 lanes, signed or unsigned; one argument fills them all. */
  i32x4Const(a: number, b = a, c = a, d = a): this {
    [a, b, c, d].forEach((value, lane) => scratch.setInt32(4 * lane, value, true));
    return this.#v128Const();
  }

  /** Two float64 lanes; one argument fills both. */
  f64x2Const(a: number, b = a): this {
    scratch.setFloat64(0, a, true);
    scratch.setFloat64(8, b, true);
    return this.#v128Const();
  }

  /**
   * The vector in the scratch buffer. Each one that is not zero is loaded once, at the start of the function, and
   * read from a local: newer V8 builds a `v128.const` anew wherever it stands, also in a loop. (Exponentials on
   * Node 24 took 0.82 ns a number this way, 1.14 ns without; Node 20 and 22 do not care.)
   */
  #v128Const(): this {
    const words = [0, 4, 8, 12].map((offset) => scratch.getUint32(offset));
    if (words.every((word) => word === 0)) {
      this.#opcode(0xfd00c);
      this.#code.appendScratch(16);
      return this;
    }
    const key = words.join();
    let local = this.#constants.get(key);
    if (local === undefined) {
      local = this.#newLocal('v128');
      this.#constants.set(key, local);
      this.#prologue.append([0xfd, 0x0c]);
      this.#prologue.appendScratch(16);
      this.#prologue.byte(0x21);
      this.#prologue.unsigned(local);
    }
    return this.get(local);
  }

  #opcode(code: number): void {
    if (code <= 0xff) return this.#code.byte(code);
    this.#code.byte(code >> 12);
    this.#code.unsigned(code % 0x1000);
  }

  /** An instruction without immediates. */
  op(name: PlainOp): this {
    this.#opcode(plainOpcodes[name]);
    return this;
  }

  /**
   * Replaces the two vectors on the stack by their product plus what `summand` leaves: in one instruction where the module
   * may use relaxed ones (then it is up to the machine whether it rounds once or twice), else in two.
   */
  multiplyAdd(summand: () => void, type: 'f32x4' | 'f64x2' = 'f32x4'): this {
    if (!this.#relaxed) this.op(`${type}.mul`);
    summand();
    return this.op(this.#relaxed ? `${type}.relaxed_madd` : `${type}.add`);
  }

  /** Extracts or replaces a lane. */
  lane(name: LaneOp, lane: number): this {
    this.#opcode(laneOpcodes[name]);
    this.#code.byte(lane);
    return this;
  }

  #address(code: number, offset: number): void {
    this.#opcode(code >> 4);
    this.#code.unsigned(code & 0xf);
    this.#code.unsigned(offset);
  }

  /** A load, a store or an atomic access, at `offset` bytes past the address on the stack. */
  memory(name: MemoryOp, offset = 0): this {
    this.#address(memoryOpcodes[name], offset);
    return this;
  }

  /** Loads or stores one lane of a vector. */
  memoryLane(name: MemoryLaneOp, offset: number, lane: number): this {
    this.#address(memoryLaneOpcodes[name], offset);
    this.#code.byte(lane);
    return this;
  }

  /** Copies within the memory; on the stack: destination, source, bytes. */
  memoryCopy(): this {
    this.#opcode(0xfc00a);
    this.#code.append([0, 0]);
    return this;
  }

  /** Picks 16 bytes of the two vectors on the stack, by their places 0..31. */
  shuffle(bytes: readonly number[]): this {
    this.#opcode(0xfd00d);
    this.#code.append(bytes);
    return this;
  }

  /** Picks four 32-bit lanes of the two vectors on the stack, by their places 0..7. */
  shuffle32(a: number, b: number, c: number, d: number): this {
    return this.shuffle([a, b, c, d].flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]));
  }

  #open(code: number, result: ValueType | undefined): this {
    this.#code.byte(code);
    this.#code.byte(result === undefined ? 0x40 : valueTypes[result]);
    return this;
  }

  loop(result?: ValueType): this {
    return this.#open(0x03, result);
  }

  if(result?: ValueType): this {
    return this.#open(0x04, result);
  }

  else(): this {
    this.#code.byte(0x05);
    return this;
  }

  /** Closes the innermost loop or if; the function itself is closed by the module. */
  end(): this {
    this.#code.byte(0x0b);
    return this;
  }

  /** Branches out of `depth` blocks and then to the end of an `if`, or to the start of a loop. */
  br(depth: number): this {
    return this.#indexed(0x0c, depth);
  }

  call(functionIndex: number): this {
    return this.#indexed(0x10, functionIndex);
  }

  /** A constant as `i32.const`; otherwise whatever the callback emits. */
  operand(operand: Operand): this {
    if (typeof operand === 'number') return this.i32Const(operand);
    operand();
    return this;
  }

  /**
   * while (condition) body, as `loop { if (condition) { body; br } }`: V8 makes better code of this form than of
   * do-while. The body sits two labels deep: `br(1)` in it continues, so does falling off its end.
   */
  whileLoop(condition: () => void, body: () => void): this {
    this.loop();
    condition();
    this.if();
    body();
    return this.br(1).end().end();
  }

  /** for (index = start; index < end; index += step) body, with i32 values compared as unsigned. */
  forLoop(index: number, start: Operand, end: Operand, step: Operand, body: () => void): this {
    this.operand(start).set(index);
    return this.whileLoop(
      () => this.get(index).operand(end).op('i32.lt_u'),
      () => {
        body();
        this.get(index).operand(step).op('i32.add').set(index);
      },
    );
  }

  /** @internal Appends the function to the code section: its locals by runs of equal type, then its code. */
  writeTo(section: ByteWriter): void {
    const entry = new ByteWriter(this.#prologue.length + this.#code.length + 64);
    const runs: [ValueType, number][] = [];
    for (const type of this.#localTypes) {
      const last = runs.at(-1);
      if (last?.[0] === type) last[1]++;
      else runs.push([type, 1]);
    }
    entry.unsigned(runs.length);
    for (const [type, count] of runs) {
      entry.unsigned(count);
      entry.byte(valueTypes[type]);
    }
    entry.append(this.#prologue.written());
    entry.append(this.#code.written());
    entry.byte(0x0b);
    section.sized(entry);
  }
}

/** A module: imports first, then functions; `finish` gives the bytes. */
export class ModuleBuilder {
  /** Function signatures, encoded, by their encoding. */
  readonly #signatures = new Map<string, { index: number; encoded: ByteWriter }>();
  readonly #imports = new ByteWriter(256);
  readonly #exports = new ByteWriter(256);
  readonly #functionTypes: number[] = [];
  readonly #functions: FunctionBuilder[] = [];
  #importCount = 0;
  #exportCount = 0;
  #importedFunctions = 0;
  readonly #relaxed: boolean;

  /** `relaxed` is whether products may be added by relaxed multiply-add, which not every engine has. */
  constructor(relaxed = false) {
    this.#relaxed = relaxed;
  }

  #signature(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}>${results.join()}`;
    const known = this.#signatures.get(key);
    if (known) return known.index;
    const encoded = new ByteWriter(16);
    encoded.byte(0x60);
    encoded.types(parameters);
    encoded.types(results);
    const index = this.#signatures.size;
    this.#signatures.set(key, { index, encoded });
    return index;
  }

  /** Imports a function and returns its index. All imports come before the first own function. */
  importFunction(
    module: string,
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
  ): number {
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(0x00);
    this.#imports.unsigned(this.#signature(parameters, results));
    this.#importCount++;
    return this.#importedFunctions++;
  }

  /** Imports the memory. */
  importMemory(module: string, name: string, { initial, maximum, shared }: MemoryLimits): void {
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(0x02);
    this.#imports.byte(shared ? 3 : 1);
    this.#imports.unsigned(initial);
    this.#imports.unsigned(maximum);
    this.#importCount++;
  }

  /**
   * Starts a function, exported if it has a name. Its index is known at once, so functions may call each other in
   * any order.
   */
  function(
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    exportName?: string,
  ): FunctionBuilder {
    const index = this.#importedFunctions + this.#functions.length;
    const built = new FunctionBuilder(index, parameters, this.#relaxed);
    this.#functions.push(built);
    this.#functionTypes.push(this.#signature(parameters, results));
    if (exportName !== undefined) {
      this.#exports.name(exportName);
      this.#exports.byte(0x00);
      this.#exports.unsigned(built.index);
      this.#exportCount++;
    }
    return built;
  }

  /** The module's bytes, for `WebAssembly.Module`. */
  finish(): Uint8Array<ArrayBuffer> {
    const module = new ByteWriter(4096);
    module.append([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    const section = (id: number, count: number, write: (content: ByteWriter) => void): void => {
      if (count === 0) return;
      const content = new ByteWriter(256);
      content.unsigned(count);
      write(content);
      module.byte(id);
      module.sized(content);
    };
    section(1, this.#signatures.size, (content) => {
      for (const { encoded } of this.#signatures.values()) content.append(encoded.written());
    });
    section(2, this.#importCount, (content) => content.append(this.#imports.written()));
    section(3, this.#functions.length, (content) => {
      for (const type of this.#functionTypes) content.unsigned(type);
    });
    section(7, this.#exportCount, (content) => content.append(this.#exports.written()));
    section(10, this.#functions.length, (content) => {
      for (const each of this.#functions) each.writeTo(content);
    });
    return module.written().slice();
  }
}
