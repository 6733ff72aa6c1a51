import type { DType } from '../dtype.js';
import { isFloating, stored } from '../dtype.js';
import type { WindowGeometry } from '../operation.js';
import type { Shape } from '../shape.js';
import { sameShape, sizeOf } from '../shape.js';
import type { Graph, GraphNode, GraphOperation } from './graph.js';
import { isLeaf } from './materialize.js';

/** What folds when both operands are known: the scalar arithmetic of rules and schedules. */
const FOLDED: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  sqrt: (a) => Math.sqrt(a),
  cast: (a) => a,
};

/** What tells a node from others. JSON alone would write -0 as 0, NaN and infinities as null. */
export function keyOf({ operation, inputs, shape, dtype }: GraphNode): string {
  const exact = (_: string, value: unknown): unknown =>
    Object.is(value, -0)
      ? '-0'
      : typeof value === 'number' && !Number.isFinite(value)
        ? String(value)
        : value;
  return `${JSON.stringify(operation, exact)}(${inputs.join()})${dtype}${shape.join('x')}`;
}

/**
 * The same graph with fewer nodes: equal nodes become one, arithmetic on constants is done, operations that change
 * nothing go. Nothing here changes a result by a bit (x + 0 stays, since -0 + 0 is 0).
 */
export function simplify(graph: Graph): Graph {
  const nodes: GraphNode[] = [];
  const known = new Map<string, number>();
  const add = (node: GraphNode): number => {
    const key = keyOf(node);
    const place = known.get(key) ?? nodes.push(node) - 1;
    known.set(key, place);
    return place;
  };

  const constantIn = (node: number): number | undefined => {
    const { operation } = nodes[node];
    return operation.name === 'constant' ? operation.value : undefined;
  };
  const rewrite = (node: GraphNode): number => {
    const { operation, inputs, shape, dtype } = node;
    const [first, second] = inputs;
    const [a, b] = inputs.map(constantIn);
    const constant = (value: number): number =>
      add({ operation: { name: 'constant', value: stored(value, dtype) }, inputs: [], shape, dtype });
    // Without elements there is nothing to compute, nor a place to compute it from.
    if (sizeOf(shape) === 0 && !isLeaf(node)) return constant(0);
    switch (operation.name) {
      case 'expand':
      case 'reshape':
      case 'slice':
      case 'permute':
        if (a !== undefined) return constant(a);
        if (
          operation.name !== 'slice' &&
          operation.name !== 'permute' &&
          sameShape(shape, nodes[first].shape)
        )
          return first;
        break;
      case 'mul':
        if (b === 1) return first;
        if (a === 1) return second;
        break;
      case 'div':
        if (b === 1) return first;
        break;
      case 'sub':
        if (b === 0 && !Object.is(b, -0)) return first;
        break;
      case 'pow':
        if (b === 1) return first;
        if (b === 2) return rewrite({ ...node, operation: { name: 'mul' }, inputs: [first, first] });
        break;
      case 'foldWindows':
        if (
          operation.size.every(
            (extent, i) => extent === 1 || (operation.dilation[i] === 1 && extent <= operation.stride[i]),
          )
        )
          return unfolded(first, operation, shape, dtype);
        break;
      case 'where':
        if (a !== undefined) return a === 0 ? inputs[2] : second;
        break;
      default:
    }
    const fold = FOLDED[operation.name] as ((a: number, b: number) => number) | undefined;
    const folds = fold !== undefined && a !== undefined && (inputs.length === 1 || b !== undefined);
    // Casts to integers saturate, which rounding through a typed array does not.
    if (folds && isFloating(dtype)) return constant(fold(a, b ?? 0));
    return add(node);
  };

  /** Windows that do not overlap, folded: they lie side by side, with zeros between and behind them. */
  const unfolded = (
    windows: number,
    { axes, stride }: WindowGeometry,
    shape: Shape,
    dtype: DType,
  ): number => {
    let node = windows;
    const step = (operation: GraphOperation, to: Shape): void => {
      if (!sameShape(to, nodes[node].shape) || operation.name === 'permute')
        node = rewrite({ operation, inputs: [node], shape: to, dtype });
    };
    const padTo = (to: Shape): void => {
      step({ name: 'pad', before: to.map(() => 0), value: 0 }, to);
    };
    const counts = nodes[windows].shape.slice(0, shape.length);
    padTo([...counts, ...stride]);
    const order = shape.flatMap((_, axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? [axis] : [axis, shape.length + i];
    });
    const before = nodes[node].shape;
    step(
      { name: 'permute', axes: order },
      order.map((axis) => before[axis]),
    );
    const reached = counts.map((count, axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? count : count * stride[i];
    });
    step({ name: 'reshape' }, reached);
    const zeros = shape.map(() => 0);
    step(
      { name: 'slice', starts: zeros, steps: shape.map(() => 1) },
      shape.map((extent, axis) => Math.min(extent, reached[axis])),
    );
    padTo(shape);
    return node;
  };

  const places: number[] = [];
  for (const node of graph.nodes) {
    places.push(rewrite({ ...node, inputs: node.inputs.map((input) => places[input]) }));
  }
  return {
    ...graph,
    nodes,
    outputs: graph.outputs.map((node) => places[node]),
    assignments: graph.assignments.map(({ node, resident }) => ({ node: places[node], resident })),
  };
}
