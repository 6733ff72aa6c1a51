import type { Access, Buffer, IndexExpression, LoopAxis } from '@downhill/tensor';
import { axesOf, bytesPerElement, coefficientOf, indexKey, rangeOf, valuesOf } from '@downhill/tensor';
import type { FunctionBuilder, ValueType } from './assembler.js';
import type { PlanOptions } from './contraction/plan.js';
import type { ImportIndices } from './imports.js';
import { emitScalar } from './scalar.js';
import type { SharedFunctions } from './shared-functions.js';

/** Where a register of the loop language lives; a vector one holds four neighbours along the vector axis. */
export interface RegisterPlace {
  readonly local: number;
  readonly vector: boolean;
}

/** An address but for what the counters of some loops add to it, in bytes. */
interface Pointer {
  readonly local: number;
  readonly axis: number;
  /** The offset that is in it. */
  readonly offset: number;
  /** The loops among them that are written out: what they add is known. */
  readonly inner: readonly LoopAxis[];
}

export interface Share {
  readonly thread: number;
  readonly threads: number;
  /** The address of the words by which threads meet. */
  readonly control: number;
  /** The outermost loops, one directly inside the other. */
  readonly loops: readonly LoopAxis[];
  /** How many threads there are at the most. */
  readonly most: number;
  /** Whether the kernel takes long enough for threads that have done their part to take over some of others'. */
  readonly helps: boolean;
}

/** What code generation knows while it writes one kernel. */
export class CodeContext {
  readonly f: FunctionBuilder;
  readonly imports: ImportIndices;
  readonly buffers: readonly Buffer[];
  /** The local that holds the counter of an open loop. */
  readonly counters = new Map<number, number>();
  /** The value of the counter of a loop that is written out turn by turn. */
  readonly turns = new Map<number, number>();
  readonly registers = new Map<number, RegisterPlace>();
  /** The loop counter whose neighbouring values fill the lanes of vectors, where there is one. */
  vectorAxis: number | undefined;
  /** Functions that kernels of the module share. */
  readonly shared: SharedFunctions;
  /** Where the kernel is divided among threads: locals with what has to be known, and the loops it has. */
  share: Share | undefined;
  /** What decides how contractions are computed. */
  readonly planning: PlanOptions;
  /** A stretch of memory that each thread has for itself; its address is in this local. */
  readonly scratch: number;
  /** Whether the kernel has been divided. */
  isDivided = false;
  /** The bytes of it that the kernel wants, and how many of them, from its beginning on, are buffers of the program. */
  scratchBytes: number;
  readonly kept: number;
  /** How far past their counters loops are of which several turns are written out. */
  readonly ahead = new Map<number, number>();
  readonly #bases: readonly number[];
  /** Addresses computed before the innermost loop, by buffer and index. */
  #pointers = new Map<string, Pointer>();
  /** Loops that are written out turn by turn. */
  #writtenOut: readonly LoopAxis[] = [];

  constructor(
    f: FunctionBuilder,
    options: {
      readonly imports: ImportIndices;
      readonly buffers: readonly Buffer[];
      /** Locals with the address each buffer's offset counts from. */
      readonly bases: readonly number[];
      readonly scratch: number;
      readonly kept: number;
      readonly planning: PlanOptions;
      readonly shared: SharedFunctions;
      readonly share?: Share | undefined;
    },
  ) {
    this.f = f;
    this.imports = options.imports;
    this.buffers = options.buffers;
    this.#bases = options.bases;
    this.scratch = options.scratch;
    this.kept = this.scratchBytes = options.kept;
    this.planning = options.planning;
    this.shared = options.shared;
    this.share = options.share;
  }

  local(type: ValueType): number {
    return this.f.local(type);
  }

  counter(axis: number): number {
    return this.counters.get(axis) as number;
  }

  register(register: number): RegisterPlace {
    return this.registers.get(register) as RegisterPlace;
  }

  /** Emits the value of an index. */
  index(index: Pick<IndexExpression, 'offset' | 'terms'>): void {
    const { f } = this;
    f.i32Const(index.offset);
    for (const { atom, coefficient } of index.terms) {
      switch (atom.kind) {
        case 'axis': {
          const turn = this.turns.get(atom.axis);
          if (turn !== undefined) f.i32Const(turn);
          else f.get(this.counter(atom.axis)).plus(this.ahead.get(atom.axis) ?? 0);
          break;
        }
        case 'value': {
          // A computed index may be out of range until its check is read; it must not leave the buffer.
          const place = this.local('i32');
          emitScalar(this, atom.value);
          f.tee(place).i32Const(0).get(place).i32Const(atom.extent).op('i32.lt_u').op('select');
          f.release(place);
          break;
        }
        default:
          this.#divide(atom.index, atom.divisor, atom.kind, atom.lowest < 0 || atom.kind === 'mod');
      }
      f.times(coefficient).op('i32.add');
    }
  }

  #divide(index: IndexExpression, divisor: number, kind: 'floorDiv' | 'mod', signed: boolean): void {
    const { f } = this;
    if (!signed) {
      this.index(index);
      f.i32Const(divisor).op('i32.div_u');
      return;
    }
    const value = this.local('i32');
    this.index(index);
    f.tee(value);
    // Rounding towards -infinity: what is below 0 is moved down by divisor - 1 first.
    if (kind === 'floorDiv') {
      f.get(value)
        .i32Const(31)
        .op('i32.shr_s')
        .i32Const(divisor - 1)
        .op('i32.and')
        .op('i32.sub');
      f.i32Const(divisor).op('i32.div_s');
    } else {
      f.i32Const(divisor).op('i32.rem_s').plus(divisor).i32Const(divisor).op('i32.rem_s');
    }
    f.release(value);
  }

  /** Emits an address and returns the constant offset that belongs to it, in bytes. */
  address(buffer: number, index: IndexExpression): number {
    const { f } = this;
    const { dtype, offset } = this.buffers[buffer];
    const bytes = bytesPerElement(dtype);
    const pointer = this.#pointers.get(pointerKey(buffer, index));
    if (pointer !== undefined) {
      const stepOf = (axis: number): number => bytes * (coefficientOf(index, axis) ?? 0);
      const step = stepOf(pointer.axis);
      f.get(pointer.local);
      if (step !== 0) f.get(this.counter(pointer.axis)).times(step).op('i32.add');
      let known = bytes * (index.offset - pointer.offset);
      for (const { axis } of pointer.inner) known += stepOf(axis) * (this.turns.get(axis) ?? 0);
      for (const [axis, turns] of this.ahead) known += stepOf(axis) * turns;
      if (known >= 0) return known;
      f.plus(known);
      return 0;
    }
    f.get(this.#bases[buffer]);
    this.index(index);
    f.times(bytes).op('i32.add');
    return offset;
  }

  /**
   * Computes the addresses of what a loop loads and stores, as far as they do not change in it, then runs `body`. `inner`
   * are loops inside it that will be written out.
   */
  withPointers(places: readonly Access[], axis: number, inner: readonly LoopAxis[], body: () => void): void {
    const before = this.#pointers;
    const writtenBefore = this.#writtenOut;
    this.#pointers = new Map(before);
    this.#writtenOut = [...writtenBefore, ...inner];
    const locals: number[] = [];
    for (const { buffer, index } of places) {
      // Those that differ by an offset alone share one.
      const key = pointerKey(buffer, index);
      const moving = [axis, ...inner.map((each) => each.axis)];
      const isAffine = moving.every((each) => coefficientOf(index, each) !== undefined);
      if (!isAffine || this.#pointers.has(key)) continue;
      // Other loops inside are not open yet.
      const isOpen = [...axesOf(index)].every((each) => moving.includes(each) || this.isOpen(each));
      if (!isOpen || valuesOf(index).length > 0) continue;
      const { dtype, offset } = this.buffers[buffer];
      const bytes = bytesPerElement(dtype);
      // From the lowest place on: what a guard keeps from being read may lie below the buffer.
      const lowest = -rangeOf({ ...index, offset: 0 })[0];
      const still = {
        offset: lowest,
        terms: index.terms.filter(({ atom }) => atom.kind !== 'axis' || !moving.includes(atom.axis)),
      };
      const local = this.local('i32');
      locals.push(local);
      this.f.get(this.#bases[buffer]);
      this.index(still);
      this.f.times(bytes).op('i32.add').plus(offset).set(local);
      this.#pointers.set(key, { local, axis, inner, offset: lowest });
    }
    body();
    this.#pointers = before;
    this.#writtenOut = writtenBefore;
    this.f.release(...locals);
  }

  /** Emits a part of the kernel that is divided already. */
  divided(emit: () => void): void {
    const { share } = this;
    this.isDivided = true;
    this.share = undefined;
    emit();
    this.share = share;
  }

  /** Whether no loop is open. */
  get isOutermost(): boolean {
    return this.counters.size === 0 && this.turns.size === 0;
  }

  /** Whether these loops are to be written out turn by turn. */
  writesOut(axes: readonly LoopAxis[]): boolean {
    return axes.every(({ axis }) => this.#writtenOut.some((each) => each.axis === axis));
  }

  /** Whether the counter of a loop has a value. */
  isOpen(axis: number): boolean {
    return this.counters.has(axis) || this.turns.has(axis);
  }
}

function pointerKey(buffer: number, { terms }: IndexExpression): string {
  return `${buffer}[${indexKey({ offset: 0, terms })}]`;
}
