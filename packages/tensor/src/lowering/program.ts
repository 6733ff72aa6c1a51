import type { DType } from '../dtype.js';
import type { BinaryName, UnaryName } from '../operation.js';
import type { Shape } from '../shape.js';
import type { Graph } from './graph.js';
import type { IndexExpression } from './index-expression.js';

/**
 * What a graph is lowered to and what a backend makes executable: plain data, no references to variables or tensors.
 * Kernels run one after another; their loops are written out in the loop language below.
 */
export interface Program {
  /** What was lowered, with equal nodes made one: the program is its kernels, and needs it no more. */
  readonly graph: Graph;
  readonly buffers: readonly Buffer[];
  readonly kernels: readonly Kernel[];
  /** Bytes of the arena in which inputs, outputs and intermediates have their offsets. */
  readonly arenaBytes: number;
  /** The buffer of each input, in order; what indices in it must stay below is checked while it is copied in. */
  readonly inputs: readonly ProgramInput[];
  /** The buffer of each output, in order. */
  readonly outputs: readonly ProgramOutput[];
  /** The number of variables (or other tensors that stay) the caller binds. */
  readonly residents: number;
  /** The number of float64 scalars the host gives for each run. */
  readonly scalars: number;
  /** What a check that fails says; check i sets element i of the flags. */
  readonly checks: readonly string[];
}

export interface ProgramInput {
  readonly buffer: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The input is used as an index into axes of this extent (the smallest, if several). */
  readonly indexExtent?: number;
}

export interface ProgramOutput {
  readonly buffer: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * A stretch of memory. Residents are bound by the caller, the others lie at `offset` (in bytes) in the arena. Scratch is what
 * each thread has for itself while a kernel runs: lowering makes none, backends that rewrite kernels do.
 */
export interface Buffer {
  readonly role: 'input' | 'output' | 'intermediate' | 'scalars' | 'flags' | 'resident' | 'scratch';
  /** Which input, output or resident it is. */
  readonly slot: number;
  readonly dtype: DType;
  /** In elements. */
  readonly length: number;
  readonly offset: number;
}

export interface Kernel {
  /** What it does, by the names of the operations in it. */
  readonly label: string;
  /** The nodes of the graph that it computes; one that is cheap may be computed in several kernels. */
  readonly nodes: readonly number[];
  readonly body: readonly Statement[];
}

export type Combine = 'sum' | 'prod' | 'max' | 'min' | 'argMax' | 'argMin';

export type Statement =
  /** Runs its body for each value of the counter. Iterations of a parallel loop do not depend on each other. */
  | LoopStatement
  | LetStatement
  | ReduceStatement
  /** A running total: for each value of the counter, `register` grows by value, then the body runs. */
  | {
      readonly kind: 'scan';
      readonly register: number;
      readonly dtype: DType;
      readonly axis: LoopAxis;
      readonly value: Expression;
      readonly body: readonly Statement[];
    }
  | StoreStatement
  /** Adds to what is stored. */
  | {
      readonly kind: 'accumulate';
      readonly buffer: number;
      readonly index: IndexExpression;
      readonly value: Expression;
    }
  /** Writes the stable order of `length` elements from `source` on to `target` on. */
  | {
      readonly kind: 'argsort';
      readonly length: number;
      readonly descending: boolean;
      readonly source: { readonly buffer: number; readonly index: IndexExpression };
      readonly target: { readonly buffer: number; readonly index: IndexExpression };
    }
  /** Sets a flag where the condition is false. */
  | { readonly kind: 'check'; readonly flag: number; readonly condition: Expression };

export interface LoopAxis {
  readonly axis: number;
  readonly extent: number;
}

export interface LoopStatement extends LoopAxis {
  readonly kind: 'loop';
  readonly parallel: boolean;
  readonly body: readonly Statement[];
}

export interface LetStatement {
  readonly kind: 'let';
  readonly register: number;
  readonly value: Expression;
}

/** Combines value over all axes (outermost first) into a register; `body` holds what value shares with itself. */
export interface ReduceStatement {
  readonly kind: 'reduce';
  readonly register: number;
  readonly dtype: DType;
  readonly combine: Combine;
  readonly axes: readonly LoopAxis[];
  readonly body: readonly LetStatement[];
  readonly value: Expression;
}

export interface StoreStatement {
  readonly kind: 'store';
  readonly buffer: number;
  readonly index: IndexExpression;
  readonly value: Expression;
}

/** Scalar operations of the loop language beyond those of the graph: on 32-bit words, for random bits. */
export type WordName = 'wordAdd' | 'wordXor' | 'rotateLeft' | 'shiftRight';

/** `lower <= index < upper`. */
export interface Condition {
  readonly index: IndexExpression;
  readonly lower: number;
  readonly upper: number;
}

/** A scalar value of the loop language. Equal keys mean equal values within one kernel. */
export type Expression = (
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'load'; readonly buffer: number; readonly index: IndexExpression }
  /** A place, as int32. */
  | { readonly kind: 'index'; readonly index: IndexExpression }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'unary'; readonly name: UnaryName; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly name: BinaryName | WordName;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'select';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | { readonly kind: 'cast'; readonly operand: Expression }
  /** `value` where all conditions hold, and computed only there (its loads may be out of range elsewhere). */
  | {
      readonly kind: 'guard';
      readonly conditions: readonly Condition[];
      readonly value: Expression;
      readonly otherwise: Expression;
    }
) & {
  readonly dtype: DType;
  readonly key: string;
  /** The loop counters it depends on. */
  readonly axes: ReadonlySet<number>;
  /** The registers it reads. */
  readonly registers: ReadonlySet<number>;
};
