import type { Access, Combine, DType, LoopAxis, ReduceStatement } from '@downhill/tensor';
import { coefficientOf, identityOf, loadsIn } from '@downhill/tensor';
import type { CodeContext } from './code-context.js';
import type { PlainOp } from './opcodes.js';
import { emitConstant, emitExtreme, emitScalar, VALUE_TYPES } from './scalar.js';
import { emitCounted, emitLet, isVectorValue } from './statements.js';
import { canVectorize, emitSplat, emitVector, LANES } from './vector.js';

function vectorOp(combine: Combine, dtype: DType): PlainOp {
  const float = dtype === 'float32';
  if (combine === 'sum') return float ? 'f32x4.add' : 'i32x4.add';
  if (combine === 'prod') return float ? 'f32x4.mul' : 'i32x4.mul';
  if (combine === 'max') return float ? 'f32x4.max' : 'i32x4.max_s';
  return float ? 'f32x4.min' : 'i32x4.min_s';
}

function emitCombine(c: CodeContext, combine: Combine, dtype: DType): void {
  if (combine === 'max' || combine === 'min') emitExtreme(c, combine === 'max', dtype);
  else c.f.op(`${VALUE_TYPES[dtype]}.${combine === 'sum' ? 'add' : 'mul'}`);
}

/** Whether a reduction can be computed for four neighbours along an axis from neighbouring elements. */
export function isVectorReduction(
  { combine, dtype, body, value }: ReduceStatement,
  axis: number,
  vectors: ReadonlySet<number>,
): boolean {
  if (combine === 'argMax' || combine === 'argMin' || (dtype !== 'float32' && dtype !== 'int32'))
    return false;
  const all = new Set(vectors);
  const lets = body.every((statement) => {
    if (!canVectorize(statement.value, axis, all)) return false;
    if (statement.value.axes.has(axis)) all.add(statement.register);
    return true;
  });
  const places = loadsIn([...body.map((each) => each.value), value]);
  const steps = places.map(({ index }) => coefficientOf(index, axis));
  return (
    lets &&
    canVectorize(value, axis, all) &&
    steps.every((step) => step === 0 || step === 1) &&
    steps.includes(1)
  );
}

/** Emits a reduction: over lanes of the vector axis, over lanes of its own last axis, or one value at a time. */
export function emitReduce(c: CodeContext, statement: ReduceStatement): void {
  const { combine, axes, value, body } = statement;
  if (isVectorValue(c, value) || body.some((each) => isVectorValue(c, each.value))) {
    emitAcrossLanes(c, statement);
    return;
  }
  const last = axes.at(-1);
  const outer = c.vectorAxis;
  c.vectorAxis = undefined;
  if (combine === 'argMax' || combine === 'argMin') emitPlace(c, statement);
  else if (last !== undefined && last.extent >= LANES && isVectorReduction(statement, last.axis, new Set())) {
    emitAlongLanes(c, statement);
  } else emitOneByOne(c, statement);
  c.vectorAxis = outer;
}

/** Opens the loops of a reduction; the innermost computes its addresses ahead. */
function emitLoops(c: CodeContext, statement: ReduceStatement, inner: () => void, from = 0): void {
  const { axes } = statement;
  if (from === axes.length) {
    inner();
    return;
  }
  const { axis, extent } = axes[from];
  const nested = (): void => {
    emitCounted(c, axis, extent, () => {
      emitLoops(c, statement, inner, from + 1);
    });
  };
  if (from < axes.length - 1) nested();
  else c.withPointers(placesOfReduce(statement), axis, nested);
}

/** Opens all loops of a reduction but the innermost, which alone can compute addresses ahead. */
function emitOuterLoops(c: CodeContext, axes: readonly LoopAxis[], inner: () => void): void {
  if (axes.length === 1) {
    inner();
    return;
  }
  const [{ axis, extent }, ...rest] = axes;
  emitCounted(c, axis, extent, () => {
    emitOuterLoops(c, rest, inner);
  });
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
    body.forEach((each) => {
      emitLet(c, each);
    });
    f.get(total);
    emitScalar(c, value);
    emitCombine(c, combine, dtype);
    if (dtype === 'uint8') f.i32Const(255).op('i32.and');
    f.set(total);
  });
  c.registers.set(register, { local: total, vector: false });
}

function emitAcrossLanes(c: CodeContext, statement: ReduceStatement): void {
  const { f } = c;
  const { register, dtype, combine, body, value } = statement;
  const total = c.local('v128');
  emitConstant(c, identityOf(combine, dtype), dtype);
  emitSplat(c, dtype);
  f.set(total);
  emitLoops(c, statement, () => {
    body.forEach((each) => {
      emitLet(c, each);
    });
    f.get(total);
    emitVector(c, value);
    f.op(vectorOp(combine, dtype)).set(total);
  });
  c.registers.set(register, { local: total, vector: true });
}

function emitAlongLanes(c: CodeContext, statement: ReduceStatement): void {
  const { f } = c;
  const { register, dtype, combine, axes, body, value } = statement;
  const { axis, extent } = axes[axes.length - 1];
  const lanes = c.local('v128');
  const total = c.local(VALUE_TYPES[dtype]);
  const identity = identityOf(combine, dtype);
  emitConstant(c, identity, dtype);
  f.tee(total);
  emitSplat(c, dtype);
  f.set(lanes);
  emitOuterLoops(c, axes, () => {
    const counter = c.local('i32');
    c.counters.set(axis, counter);
    c.withPointers(placesOfReduce(statement), axis, () => {
      f.i32Const(0).set(counter);
      f.whileLoop(
        () =>
          f
            .get(counter)
            .i32Const(extent - (extent % LANES))
            .op('i32.lt_u'),
        () => {
          c.vectorAxis = axis;
          body.forEach((each) => {
            emitLet(c, each);
          });
          f.get(lanes);
          emitVector(c, value);
          c.vectorAxis = undefined;
          f.op(vectorOp(combine, dtype)).set(lanes);
          f.get(counter).i32Const(LANES).op('i32.add').set(counter);
        },
      );
      if (extent % LANES === 0) return;
      const rest = (): void => {
        body.forEach((each) => {
          emitLet(c, each);
        });
        f.get(total);
        emitScalar(c, value);
        emitCombine(c, combine, dtype);
        f.set(total);
      };
      emitCounted(c, axis, extent, rest, counter);
    });
    c.counters.delete(axis);
    f.release(counter);
  });
  for (let lane = 0; lane < LANES; lane++) {
    f.get(total)
      .get(lanes)
      .lane(dtype === 'float32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', lane);
    emitCombine(c, combine, dtype);
    f.set(total);
  }
  f.release(lanes);
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
    body.forEach((each) => {
      emitLet(c, each);
    });
    emitScalar(c, value);
    f.tee(now).get(best);
    f.op(
      type === 'i32'
        ? combine === 'argMax'
          ? 'i32.gt_s'
          : 'i32.lt_s'
        : `${type}.${combine === 'argMax' ? 'gt' : 'lt'}`,
    );
    if (type !== 'i32') {
      f.get(now).get(now).op(`${type}.ne`).get(best).get(best).op(`${type}.eq`).op('i32.and').op('i32.or');
    }
    f.if().get(now).set(best).get(position).set(place).end();
    f.get(position).i32Const(1).op('i32.add').set(position);
  });
  f.release(best, now, position);
  c.registers.set(register, { local: place, vector: false });
}
