import {
  argmax,
  argmin,
  argsort,
  formatShape,
  isFloating,
  less,
  notEqual,
  permute,
  reshape,
  sign,
  sum,
  type Tensor,
} from '@downhill/tensor';
import type { Float64Graph } from './float64-graph.js';

/** Which side a piecewise operation is on, element by element: what must not change between two points. */
type Side = (node: Tensor) => Tensor;

/** Operations that are continuous and have a bend: a kink only where a gradient passes. */
function bendOf({ operation }: Tensor): Side | undefined {
  switch (operation.name) {
    case 'maximum':
    case 'minimum':
      return ({ inputs: [a, b] }) => less(a, b);
    case 'abs':
      return ({ inputs: [x] }) => sign(x);
    case 'max':
      return ({ inputs: [x] }) => argmax(rows(x, operation.axes), { axis: -1 });
    case 'min':
      return ({ inputs: [x] }) => argmin(rows(x, operation.axes), { axis: -1 });
    default:
      return undefined;
  }
}

/** Operations that are constant but for jumps. */
function jumpOf({ operation, dtype, inputs }: Tensor): Side | undefined {
  switch (operation.name) {
    case 'sign':
    case 'floor':
    case 'ceil':
    case 'round':
    case 'equal':
    case 'notEqual':
    case 'less':
    case 'lessEqual':
    case 'argMax':
    case 'argMin':
      return (node) => node;
    case 'argsort':
      return ({ inputs: [x] }) => argsort(x, { descending: operation.descending });
    case 'cast':
      return isFloating(inputs[0].dtype) && !isFloating(dtype) ? (node) => node : undefined;
    default:
      return undefined;
  }
}

/** One operation of a loss whose sides may change. */
export interface Kink {
  /** `maximum of shape [32, 10]`. */
  readonly name: string;
  /** The node of the loss as it was written. */
  readonly node: Tensor;
  readonly side: Side;
}

/**
 * The operations of a loss that choose: winners of max, maximum (relu, clip) and abs where a gradient passes, comparisons
 * and roundings anywhere. The shift of a log-sum-exp, which is a maximum that no gradient passes, is none.
 */
export function kinksOf(loss: Tensor, graph: Float64Graph): Kink[] {
  const kinks: Kink[] = [];
  const passed = new Set([loss]);
  for (const node of passed) {
    const { operation, inputs } = node;
    addKink(node, bendOf(node));
    if (operation.name === 'stopGradient') continue;
    // The numbers a custom derivative's value is computed from are those of its first input.
    const sources = operation.name === 'customGradient' ? inputs.slice(0, 1) : inputs;
    for (const input of sources) if (isFloating(input.dtype) && graph.depends(input)) passed.add(input);
  }
  const reached = new Set([loss]);
  for (const node of reached) {
    addKink(node, jumpOf(node));
    for (const input of node.inputs) if (graph.depends(input)) reached.add(input);
  }
  return kinks;

  function addKink(node: Tensor, side: Side | undefined): void {
    if (side === undefined || !node.inputs.some((input) => graph.depends(input))) return;
    kinks.push({ name: `${node.operation.name} of shape ${formatShape(node.shape)}`, node, side });
  }
}

/** In how many elements two evaluations of one loss are on different sides of a kink. */
export function countCrossings({ node, side }: Kink, one: Float64Graph, other: Float64Graph): Tensor {
  return sum(notEqual(side(one.build(node)), side(other.build(node))));
}

/** The axes to reduce flattened into one, the last. */
function rows(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  return reshape(permute(x, [...kept, ...axes]), [...kept.map((axis) => x.shape[axis]), -1]);
}
