import { exactly } from '../describe.js';
import { isFloating, stored } from '../dtype.js';
import { sameShape, sizeOf } from '../shape.js';
import type { Graph, GraphNode } from './graph.js';
import { isLeaf, SOME_ELEMENTS } from './materialize.js';

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
  const value = 'value' in operation ? exactly(operation.value) : '';
  return `${JSON.stringify(operation)}${value}(${inputs.join()})${dtype}${shape.join('x')}`;
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
    const { name } = operation;
    if (a !== undefined) {
      if (SOME_ELEMENTS.has(name)) return constant(a);
      if (name === 'where') return a === 0 ? inputs[2] : second;
      if (name === 'mul' && a === 1) return second;
    }
    if ((name === 'expand' || name === 'reshape') && sameShape(shape, nodes[first].shape)) return first;
    if (b === 1 && (name === 'mul' || name === 'div' || name === 'pow')) return first;
    if (name === 'sub' && Object.is(b, 0)) return first;
    if (name === 'pow' && b === 2) {
      return rewrite({ ...node, operation: { name: 'mul' }, inputs: [first, first] });
    }
    const fold = FOLDED[name] as ((a: number, b: number) => number) | undefined;
    const folds = fold !== undefined && a !== undefined && (inputs.length === 1 || b !== undefined);
    // Casts to integers saturate, which rounding through a typed array does not.
    if (folds && isFloating(dtype)) return constant(fold(a, b ?? 0));
    return add(node);
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
