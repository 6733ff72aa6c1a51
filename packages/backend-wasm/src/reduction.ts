import type { Access, LoopAxis, ReduceStatement } from '@downhill/tensor';
import { coefficientOf, identityOf, loadsIn } from '@downhill/tensor';
import type { CodeContext } from './code-context.js';
import type { PlainOp } from './opcodes.js';
import { emitCombined, emitConstant, emitScalar, instruction, VALUE_TYPES } from './scalar.js';
import { emitCounted, emitInnermost, emitStatements, emitTurns, SIDE_BY_SIDE } from './statements.js';
import {
  canVectorize,
  emitSplat,
  emitVector,
  isRectified,
  isVectorValue,
  LANES,
  vectorType,
} from './vector.js';

/** Replaces the two vectors on the stack by what the reduction makes of them. */
function emitVectorCombined({ f }: CodeContext, { combine, value }: ReduceStatement): void {
  const rectified = combine === 'max' && isRectified(value);
  f.op(rectified ? 'i32x4.max_u' : (instruction(vectorType(value.dtype), combine) as PlainOp));
}

/**
 * Whether a reduction can be computed for four neighbours along an axis at once: from neighbouring elements, or, where it
 * is short, from any.
 */
export function isVectorReduction(
  statement: ReduceStatement,
  axis: number,
  vectors: ReadonlySet<number>,
  short = false,
): boolean {
  const { combine, body, value } = statement;
  const isPlace = combine === 'argMax' || combine === 'argMin';
  if (value.dtype !== 'float32' && value.dtype !== 'int32') return false;
  if (isPlace && !short) return false;
  const all = new Set(vectors);
  const lets = body.every((each) => {
    if (!canVectorize(each.value, axis, all)) return false;
    if (each.value.axes.has(axis)) all.add(each.register);
    return true;
  });
  if (!lets || !canVectorize(value, axis, all)) return false;
  const steps = placesOfReduce(statement).map(({ index }) => coefficientOf(index, axis));
  return short || (steps.every((step) => step === 0 || step === 1) && steps.includes(1));
}

/** Emits a reduction: over lanes of the vector axis, over lanes of its own last axis, or one value at a time. */
export function emitReduce(c: CodeContext, statement: ReduceStatement): void {
  const { combine, axes, value, body } = statement;
  const isPlace = combine === 'argMax' || combine === 'argMin';
  if (isVectorValue(c, value) || body.some((each) => isVectorValue(c, each.value))) {
    if (isPlace) emitPlacesAcrossLanes(c, statement);
    else emitAcrossLanes(c, statement);
    return;
  }
  const outer = c.vectorAxis;
  c.vectorAxis = undefined;
  const along = isPlace || c.writesOut(axes) ? -1 : axisAlongLanes(statement);
  if (isPlace) emitPlace(c, statement);
  else if (along >= 0) emitAlongLanes(c, statement, along);
  else emitOneByOne(c, statement);
  c.vectorAxis = outer;
}

/** So many values are written out inside a loop along lanes. */
const MOST_INSIDE = 4;

/**
 * The place of the axis whose neighbours fill the lanes: the last one, or, where the last ones are as short as windows of
 * pooling are, the one before them. -1 where there is none.
 */
function axisAlongLanes(statement: ReduceStatement): number {
  const { axes } = statement;
  const last = axes.length - 1;
  let inside = 1;
  for (let at = last; at >= 0 && inside <= MOST_INSIDE; at--) {
    const { axis, extent } = axes[at];
    if (extent >= LANES && isVectorReduction(statement, axis, new Set(), at < last)) return at;
    inside *= extent;
  }
  return -1;
}

interface LoopsOptions {
  readonly axes: readonly LoopAxis[];
  /** Of the innermost loop. */
  readonly vectorizes?: boolean;
  readonly unroll?: number;
  /** Loops inside the innermost that are written out. */
  readonly inner?: readonly LoopAxis[];
}

/** Opens the loops of a reduction. */
function emitLoops(
  c: CodeContext,
  statement: ReduceStatement,
  body: (turn: number) => void,
  { axes, vectorizes = false, unroll, inner = [] }: LoopsOptions = { axes: statement.axes },
): void {
  const [first, ...rest] = axes;
  if (first === undefined) body(0);
  else if (c.writesOut(axes)) {
    emitTurns(c, axes, () => {
      body(0);
    });
  } else if (rest.length === 0) {
    emitInnermost(c, first, placesOfReduce(statement), { vectorizes, unroll, inner }, (turn) => {
      emitTurns(c, inner, () => {
        body(turn);
      });
    });
  } else {
    emitCounted(c, first, {}, () => {
      emitLoops(c, statement, body, { axes: rest, vectorizes, unroll, inner });
    });
  }
}

function placesOfReduce({ body, value }: ReduceStatement): readonly Access[] {
  return loadsIn([...body.map((each) => each.value), value]);
}

function emitOneByOne(c: CodeContext, statement: ReduceStatement): void {
  const { f } = c;
  const { register, dtype, combine, body, value } = statement;
  const total = c.local(VALUE_TYPES[dtype]);
  emitConstant(c, identityOf(combine, dtype), dtype);
  f.set(total);
  emitLoops(c, statement, () => {
    emitStatements(c, body);
    f.get(total);
    emitScalar(c, value);
    emitCombined(c, combine, dtype);
    if (dtype === 'uint8') f.i32Const(255).op('i32.and');
    f.set(total);
  });
  c.registers.set(register, { local: total, vector: false });
}

function emitAcrossLanes(c: CodeContext, statement: ReduceStatement): void {
  const { f } = c;
  const { register, dtype, combine, body, value } = statement;
  const total = c.local('v128');
  emitConstant(c, isRectified(value) && combine === 'max' ? 0 : identityOf(combine, dtype), dtype);
  emitSplat(c, dtype);
  f.set(total);
  emitLoops(c, statement, () => {
    emitStatements(c, body);
    f.get(total);
    emitVector(c, value);
    emitVectorCombined(c, statement);
    f.set(total);
  });
  c.registers.set(register, { local: total, vector: true });
}

function emitAlongLanes(c: CodeContext, statement: ReduceStatement, along: number): void {
  const { f } = c;
  const { register, dtype, combine, body, value, axes } = statement;
  const count = axes[along].extent >= 2 * SIDE_BY_SIDE * LANES ? SIDE_BY_SIDE : 1;
  const partial = Array.from({ length: count }, () => c.local('v128'));
  const total = c.local(VALUE_TYPES[dtype]);
  emitConstant(c, isRectified(value) && combine === 'max' ? 0 : identityOf(combine, dtype), dtype);
  f.set(total);
  for (const lanes of partial) {
    f.get(total);
    emitSplat(c, dtype);
    f.set(lanes);
  }
  const step = (turn: number): void => {
    emitStatements(c, body);
    if (c.vectorAxis !== undefined) {
      f.get(partial[turn]);
      emitVector(c, value);
      emitVectorCombined(c, statement);
      f.set(partial[turn]);
    } else {
      f.get(total);
      emitScalar(c, value);
      emitCombined(c, combine, dtype);
      f.set(total);
    }
  };
  emitLoops(c, statement, step, {
    axes: axes.slice(0, along + 1),
    vectorizes: true,
    unroll: count,
    inner: axes.slice(along + 1),
  });
  for (let from = count / 2; from >= 1; from /= 2) {
    for (let i = 0; i < from; i++) {
      f.get(partial[i]).get(partial[i + from]);
      emitVectorCombined(c, statement);
      f.set(partial[i]);
    }
  }
  const [lanes] = partial;
  for (let lane = 0; lane < LANES; lane++) {
    f.get(total)
      .get(lanes)
      .lane(dtype === 'float32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', lane);
    emitCombined(c, combine, dtype);
    f.set(total);
  }
  f.release(...partial);
  c.registers.set(register, { local: total, vector: false });
}

/** argMax and argMin: the first winner stays, and the first NaN wins for good. */
function emitPlace(c: CodeContext, statement: ReduceStatement): void {
  const { f } = c;
  const { register, combine, body, value } = statement;
  const type = VALUE_TYPES[value.dtype];
  const [best, now] = [c.local(type), c.local(type)];
  const [place, position] = [c.local('i32'), c.local('i32')];
  emitConstant(c, identityOf(combine, value.dtype), value.dtype);
  f.set(best).i32Const(0).tee(place).set(position);
  emitLoops(c, statement, () => {
    emitStatements(c, body);
    emitScalar(c, value);
    f.tee(now).get(best);
    emitCombined(c, combine, value.dtype);
    if (type !== 'i32') {
      f.get(now).get(now).op(`${type}.ne`).get(best).get(best).op(`${type}.eq`).op('i32.and').op('i32.or');
    }
    f.if().get(now).set(best).get(position).set(place).end();
    f.get(position).plus(1).set(position);
  });
  f.release(best, now, position);
  c.registers.set(register, { local: place, vector: false });
}

/** The same for four neighbours at once; the loops are written out. */
function emitPlacesAcrossLanes(c: CodeContext, statement: ReduceStatement): void {
  const { f } = c;
  const { register, combine, axes, body, value } = statement;
  const float = value.dtype === 'float32';
  const [best, now, place, wins] = [c.local('v128'), c.local('v128'), c.local('v128'), c.local('v128')];
  let position = 0;
  emitTurns(c, axes, () => {
    emitStatements(c, body);
    emitVector(c, value);
    // NaNs that differ would not be equal as whole numbers.
    if (combine === 'argMax' && isRectified(value)) f.tee(now).get(now).get(now).op('f32x4.ne').op('v128.or');
    if (position === 0) {
      f.set(best).i32x4Const(0).set(place);
    } else if (combine === 'argMax' && isRectified(value)) {
      f.get(best).op('i32x4.max_u').tee(now).get(best).op('i32x4.ne').set(wins).get(now).set(best);
      f.i32x4Const(position).get(place).get(wins).op('v128.bitselect').set(place);
    } else {
      f.tee(now).get(best);
      emitVectorCombined(c, statement);
      if (float) {
        f.get(now).get(now).op('f32x4.ne').get(best).get(best).op('f32x4.eq');
        f.op('v128.and').op('v128.or');
      }
      f.set(wins);
      f.get(now).get(best).get(wins).op('v128.bitselect').set(best);
      f.i32x4Const(position).get(place).get(wins).op('v128.bitselect').set(place);
    }
    position++;
  });
  f.release(best, now, wins);
  c.registers.set(register, { local: place, vector: true });
}
