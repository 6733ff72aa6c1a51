import type { DType } from '../dtype.js';
import type { Operation, OperationName } from '../operation.js';
import type { Shape } from '../shape.js';

/** Leaves of a graph that is cut loose from tensors, and every operation that computes. */
export type GraphOperation =
  | { readonly name: 'input' | 'resident' | 'scalar'; readonly slot: number }
  | Exclude<
      Operation,
      {
        readonly name: Extract<
          OperationName,
          'data' | 'version' | 'argument' | 'hostInput' | 'stopGradient' | 'customGradient'
        >;
      }
    >;

export interface GraphNode {
  readonly operation: GraphOperation;
  /** Earlier nodes. */
  readonly inputs: readonly number[];
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What is lowered: nodes in an order in which each follows its inputs, and what is wanted of them. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** The nodes to be given back. */
  readonly outputs: readonly number[];
  /** Which node each overwritten resident will hold. */
  readonly assignments: readonly { readonly node: number; readonly resident: number }[];
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  readonly residents: readonly { readonly length: number; readonly dtype: DType }[];
  readonly scalars: number;
}
