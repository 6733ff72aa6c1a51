import type { Access, LetStatement, LoopAxis, LoopStatement, Statement } from '@downhill/tensor';
import { accessesIn, coefficientOf, constantIndex, pointsOf } from '@downhill/tensor';
// In an order in which like code comes together: the bundle compresses better.
import type { CodeContext } from './code-context.js';
import { emitDivided, mostEven, type Range } from './division.js';
import { matchContraction } from './contraction/contraction.js';
import { emitReduce, isVectorReduction } from './reduction.js';
import { stretchesOf } from './stretches.js';
import { emitConstant, emitScalar, emitScalarStore, VALUE_TYPES } from './scalar.js';
import { emitArgsort } from './sorting.js';
import { emitContraction } from './contraction/emit.js';
import { planContraction } from './contraction/plan.js';
import {
  canVectorize,
  dependsOn,
  emitVector,
  emitVectorStore,
  isVectorDType,
  isVectorValue,
  LANES,
} from './vector.js';

/** Emits statements in order, one value at a time or, along the context's vector axis, four. */
export function emitStatements(c: CodeContext, statements: readonly Statement[]): void {
  for (const statement of statements) emitStatement(c, statement);
}

function emitStatement(c: CodeContext, statement: Statement): void {
  const { f } = c;
  switch (statement.kind) {
    case 'loop':
      emitLoop(c, statement);
      return;
    case 'let':
      emitLet(c, statement);
      return;
    case 'reduce':
      emitReduce(c, statement);
      return;
    case 'store':
      emitStore(c, statement);
      return;
    case 'accumulate': {
      const { buffer, index, value } = statement;
      const { dtype } = c.buffers[buffer];
      const address = (): number => c.address(buffer, index);
      emitScalarStore(c, buffer, address, () => {
        const offset = address();
        f.memory(`${VALUE_TYPES[dtype]}.load`, offset);
        emitScalar(c, value);
        f.op(`${VALUE_TYPES[dtype]}.add`);
      });
      return;
    }
    case 'scan': {
      const { register, dtype, axis, value, body } = statement;
      const total = c.local(VALUE_TYPES[dtype]);
      c.registers.set(register, { local: total, vector: false });
      emitConstant(c, 0, dtype);
      f.set(total);
      emitCounted(c, axis, {}, () => {
        f.get(total);
        emitScalar(c, value);
        f.op(`${VALUE_TYPES[dtype]}.add`).set(total);
        emitStatements(c, body);
      });
      return;
    }
    case 'check': {
      const flags = c.buffers.findIndex(({ role }) => role === 'flags');
      emitScalar(c, statement.condition);
      f.op('i32.eqz').if();
      const offset = c.address(flags, constantIndex(statement.flag));
      f.i32Const(1).memory('i32.store', offset).end();
      return;
    }
    case 'argsort':
      emitArgsort(c, statement);
  }
}

/** Elements in a cache line: two threads should not write into one. */
const LINE = 16;

/** Vectors that are computed in one turn: they share what their addresses have in common, and wait for each other less. */
export const SIDE_BY_SIDE = 4;

/** From so many neighbours on, where nothing but values is computed for them: it is more code to compile. */
const LONG = 2 ** 16;

interface CountedOptions {
  /** A local that holds the counter, set to where it starts. */
  readonly counter?: number;
  /** The part of the loop to run. */
  readonly range?: Range;
}

/** Emits a loop over a counter, one value at a time. */
export function emitCounted(
  c: CodeContext,
  { axis, extent }: LoopAxis,
  { counter: given, range }: CountedOptions,
  body: () => void,
): void {
  const { f } = c;
  const counter = given ?? c.local('i32');
  if (given === undefined) {
    if (range === undefined) f.i32Const(0);
    else f.get(range.from);
    f.set(counter);
  }
  c.counters.set(axis, counter);
  f.whileLoop(
    () => {
      f.get(counter);
      if (range === undefined) f.i32Const(extent);
      else f.get(range.to);
      f.op('i32.lt_u');
    },
    () => {
      body();
      f.get(counter).plus(1).set(counter);
    },
  );
  c.counters.delete(axis);
  if (given === undefined) f.release(counter);
}

function emitLoop(c: CodeContext, loop: LoopStatement): void {
  const { axis, extent, body } = loop;
  if (c.writesOut([loop])) {
    emitTurns(c, [loop], () => {
      emitStatements(c, body);
    });
    return;
  }
  const contraction = matchContraction(loop);
  const plan = contraction === undefined ? undefined : planContraction(contraction, c.planning);
  if (contraction !== undefined && plan !== undefined) {
    emitContraction(c, contraction, plan);
    return;
  }
  const vectorizes = fillsVectors(c, loop) && !isBetterInside(c, loop);
  if (!vectorizes && c.share?.loops.some((each) => each.axis === axis) !== true) {
    const stretches = stretchesOf(loop);
    const gains =
      body.some(({ kind }) => kind === 'loop') ||
      stretches.every((each) => each.extent === 1 || loopVectorizes(c, each.body, axis));
    if (stretches.length > 1 && gains) {
      for (const each of stretches) {
        if (each.extent > 1) emitLoop(c, each);
        else
          emitTurns(c, [each], () => {
            emitStatements(c, each.body);
          });
      }
      return;
    }
  }
  const inner = vectorizes ? [...new Set(shortLoops(body))] : [];
  // A loop whose inner loops are written out is the last that can be divided.
  const { share } = c;
  const isDivided =
    share?.loops.some((each) => each.axis === axis) === true &&
    (mostEven(share.loops, share.most, ({ extent }) => extent).axis === axis || vectorizes);
  const accesses = accessesIn(body);
  const isPlain = body.every(({ kind }) => kind === 'let' || kind === 'store');
  const options = {
    vectorizes,
    inner,
    overlaps: vectorizes && !readsWhatItStores(c, body, accesses),
    unroll: isPlain && extent >= LONG ? SIDE_BY_SIDE : 1,
  };
  const emit = (range?: Range): void => {
    emitInnermost(c, { axis, extent }, accesses, { ...options, range }, () => {
      emitStatements(c, body);
    });
  };
  if (isDivided) emitDivided(c, share, { extent, unit: vectorizes ? LINE : 1 }, emit);
  else emit();
}

/** Whether a loop stores far apart, where a loop inside it would fill several vectors with neighbours. */
function isBetterInside(c: CodeContext, { axis, body }: LoopStatement): boolean {
  const isFar = storesIn(body).every(({ index }) => Math.abs(coefficientOf(index, axis) ?? 0) > 1);
  return (
    isFar && body.some((each) => each.kind === 'loop' && each.extent >= 2 * LANES && fillsVectors(c, each))
  );
}

function fillsVectors(c: CodeContext, { axis, extent, body }: LoopStatement): boolean {
  return extent >= LANES && loopVectorizes(c, body, axis);
}

/** From this many turns on, loops inside a vectorized one stay loops. */
const MOST_TURNS = 16;

/** What is inside loops that are written out is written so often at most: code that has to be compiled. */
const MOST_COPIES = 64;

/** Whether loops are so short that they are written out turn by turn, in each of so many copies of what they stand in. */
export function isShort(axes: readonly LoopAxis[], copies = 1): boolean {
  const turns = pointsOf(axes);
  return turns <= MOST_TURNS && turns * copies <= MOST_COPIES;
}

/** Writes short loops out, turn by turn. */
export function emitTurns(c: CodeContext, [first, ...rest]: readonly LoopAxis[], body: () => void): void {
  if (first === undefined) {
    body();
    return;
  }
  for (let turn = 0; turn < first.extent; turn++) {
    c.turns.set(first.axis, turn);
    emitTurns(c, rest, body);
  }
  c.turns.delete(first.axis);
}

/** The loops and reductions in statements that will be written out. */
function shortLoops(statements: readonly Statement[], copies = 1): LoopAxis[] {
  return statements.flatMap((statement) => {
    if (statement.kind === 'loop') {
      const inner = shortLoops(statement.body, copies * statement.extent);
      return isShort([statement], copies) ? [statement, ...inner] : [];
    }
    return statement.kind === 'reduce' && isShort(statement.axes, copies) ? statement.axes : [];
  });
}

/** Whether statements load from memory they store to: doing some of their work twice would then not give the same. */
function readsWhatItStores(c: CodeContext, body: readonly Statement[], accesses: readonly Access[]): boolean {
  const memoryOf = (buffer: number): string => {
    const { role, slot } = c.buffers[buffer];
    return role === 'resident' ? `resident ${slot}` : String(buffer);
  };
  const stores = new Set<Access>(storesIn(body));
  const stored = new Set([...stores].map(({ buffer }) => memoryOf(buffer)));
  const loads = accesses.filter((access) => !stores.has(access));
  return loads.some(({ buffer }) => stored.has(memoryOf(buffer)));
}

/** What statements store, those inside loops included. */
export function storesIn(body: readonly Statement[]): Access[] {
  return body.flatMap((statement) => {
    if (statement.kind === 'store') return [statement];
    return 'body' in statement ? storesIn(statement.body) : [];
  });
}

interface InnermostOptions {
  /** Whether four neighbours can be computed at once. */
  readonly vectorizes: boolean;
  /** Whether the last vector may overlap the one before it, so that no rest is left. */
  readonly overlaps?: boolean;
  /** The part of the loop to run. */
  readonly range?: Range;
  /** Whether that may begin anywhere, not only at a multiple of the lanes. */
  readonly anywhere?: boolean;
  /** Loops inside that will be written out. */
  readonly inner?: readonly LoopAxis[];
  /** How many vectors are computed in one turn, as long as there are so many. */
  readonly unroll?: number;
}

/**
 * Emits a loop that computes the addresses of `places` ahead. Where it vectorizes, the body runs along the context's vector
 * axis, for four neighbours at a time, and for what is left one by one.
 */
export function emitInnermost(
  c: CodeContext,
  { axis, extent }: LoopAxis,
  places: readonly Access[],
  { vectorizes, overlaps, range, anywhere, inner = [], unroll = 1 }: InnermostOptions,
  body: (turn: number) => void,
): void {
  const { f } = c;
  const counter = c.local('i32');
  c.counters.set(axis, counter);
  const emitVectors = (end: number, vectors = 1, advance?: () => void): void => {
    f.whileLoop(
      () => {
        f.get(counter);
        if (range === undefined) f.i32Const(end);
        else f.get(range.to).plus(1 - vectors * LANES);
        f.op('i32.lt_s');
      },
      () => {
        c.vectorAxis = axis;
        for (let turn = 0; turn < vectors; turn++) {
          c.ahead.set(axis, turn * LANES);
          body(turn);
        }
        c.ahead.clear();
        c.vectorAxis = undefined;
        f.get(counter)
          .plus(vectors * LANES)
          .set(counter);
        advance?.();
      },
    );
  };
  c.withPointers(places, axis, inner, () => {
    if (range === undefined) f.i32Const(0);
    else f.get(range.from);
    f.set(counter);
    const rest = extent % LANES;
    const whole = vectorizes ? extent - rest : 0;
    if (range === undefined && overlaps && whole > 0 && rest > 0) {
      // From the last whole vector, which ends at `whole`, to the one that ends at the extent.
      emitVectors(extent, 1, () => {
        f.get(counter).i32Const(whole).op('i32.eq').if();
        f.i32Const(extent - LANES)
          .set(counter)
          .end();
      });
      return;
    }
    const wide = unroll === 1 ? 0 : whole - (whole % (unroll * LANES));
    if (wide > 0) emitVectors(wide, unroll);
    if (whole > 0 && (range !== undefined || wide < whole)) emitVectors(whole);
    if (whole < extent || anywhere) {
      emitCounted(c, { axis, extent }, { counter, range }, () => {
        body(0);
      });
    }
  });
  c.counters.delete(axis);
  f.release(counter);
}

/** Whether a loop's body can run for four neighbours at once, and gains by it; `known` registers differ between them. */
export function loopVectorizes(
  c: CodeContext,
  body: readonly Statement[],
  axis: number,
  known: readonly number[] = [],
  copies = 1,
): boolean {
  const vectors = new Set<number>(known);
  return body.every((statement) => {
    switch (statement.kind) {
      case 'let': {
        const { register, value } = statement;
        if (dependsOn(value, axis, vectors)) vectors.add(register);
        return canVectorize(value, axis, vectors);
      }
      case 'store': {
        const step = coefficientOf(statement.index, axis);
        const fits = isVectorDType(c.buffers[statement.buffer].dtype);
        return step !== undefined && step !== 0 && fits && canVectorize(statement.value, axis, vectors);
      }
      case 'reduce':
        if (!dependsOn(statement.value, axis, vectors)) return true;
        vectors.add(statement.register);
        return isVectorReduction(statement, axis, vectors, isShort(statement.axes, copies));
      case 'loop':
        return (
          isShort([statement], copies) &&
          loopVectorizes(c, statement.body, axis, [...vectors], copies * statement.extent)
        );
      default:
        return false;
    }
  });
}

export function emitLet(c: CodeContext, { register, value }: LetStatement): void {
  const vector = isVectorValue(c, value);
  const local = c.local(vector ? 'v128' : VALUE_TYPES[value.dtype]);
  if (vector) emitVector(c, value);
  else emitScalar(c, value);
  c.f.set(local);
  c.registers.set(register, { local, vector });
}

function emitStore(c: CodeContext, { buffer, index, value }: Extract<Statement, { kind: 'store' }>): void {
  if (c.vectorAxis === undefined) {
    emitScalarStore(
      c,
      buffer,
      () => c.address(buffer, index),
      () => {
        emitScalar(c, value);
      },
    );
    return;
  }
  const local = c.local('v128');
  emitVector(c, value);
  c.f.set(local);
  emitVectorStore(c, buffer, index, local);
  c.f.release(local);
}
