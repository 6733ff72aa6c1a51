import type { Expression, LoopAxis, LoopStatement, Statement } from '@downhill/tensor';
import { coefficientOf } from '@downhill/tensor';
import { nestOf } from '../nest.js';

export type Load = Extract<Expression, { kind: 'load' }>;
export type Store = Extract<Statement, { kind: 'store' }>;

/**
 * A nest of parallel loops that sums products of two loads: for each point of `loops`, Σ over `reduced` of left · right.
 * Every index is affine in all counters.
 */
export interface Contraction {
  readonly loops: readonly LoopAxis[];
  readonly reduced: readonly LoopAxis[];
  readonly left: Load;
  readonly right: Load;
  /** The register that holds each sum. */
  readonly register: number;
  /** What is done with it. */
  readonly epilogue: readonly Statement[];
}

/** Recognizes a contraction: a matrix product, a pass of a convolution. */
export function matchContraction(loop: LoopStatement): Contraction | undefined {
  const { loops, lets, body } = nestOf([loop]);
  const reductions = body.filter((statement) => statement.kind === 'reduce');
  const rest = body.filter((statement) => statement.kind !== 'reduce');
  if (reductions.length !== 1 || !rest.every(({ kind }) => kind === 'let' || kind === 'store'))
    return undefined;
  const [{ register, dtype, combine, axes: reduced, body: shared, value }] = reductions;
  if (combine !== 'sum' || dtype !== 'float32' || reduced.length === 0 || shared.length > 0) return undefined;
  if (value.kind !== 'binary' || value.name !== 'mul') return undefined;
  const { left, right } = value;
  if (left.kind !== 'load' || right.kind !== 'load') return undefined;
  const affine = [...loops, ...reduced].every(({ axis }) =>
    [left, right].every(({ index }) => coefficientOf(index, axis) !== undefined),
  );
  if (!affine || reduced.some((axis) => strideOf(left, axis) === 0 && strideOf(right, axis) === 0))
    return undefined;
  return { loops, reduced, left, right, register, epilogue: [...lets, ...rest] };
}

/** Where results of a contraction go. */
export function storesOf({ epilogue }: Pick<Contraction, 'epilogue'>): Store[] {
  return epilogue.filter((statement) => statement.kind === 'store');
}

/** How far a load moves, in bytes, when a counter goes up by one. */
export function strideOf({ index }: Load, { axis }: LoopAxis): number {
  return 4 * (coefficientOf(index, axis) ?? 0);
}
