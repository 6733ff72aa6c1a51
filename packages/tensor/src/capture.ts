import { TraceError } from './errors.js';
import { evaluate } from './evaluate.js';
import type { Graph, GraphNode, GraphOperation } from './lowering/graph.js';
import { keyOf } from './lowering/simplify.js';
import type { Tensor } from './tensor.js';
import type { Trace } from './trace.js';
import { Variable } from './variable.js';

export interface CaptureRequest {
  readonly outputs: readonly Tensor[];
  readonly assigned: readonly { readonly variable: Variable; readonly value: Tensor }[];
  /** Inside a trace: the trace and its argument tensors, in order. */
  readonly traced?: { readonly trace: Trace; readonly arguments: readonly Tensor[] };
}

/** A graph cut loose from tensors and variables, and what has to be bound to it for a run. */
export interface Captured {
  /** Equal keys mean equal graphs. */
  readonly key: string;
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  /** Numbers, or host inputs to be asked. */
  readonly scalars: readonly (number | Tensor)[];
  readonly residents: readonly { readonly variable: Variable; readonly read: boolean }[];
  readonly assigned: readonly Variable[];
}

/** Numbers that simplify graphs: they are structure even where other numbers are inputs. */
const STRUCTURAL = new Set([-1, 0, 1, 2]);

/**
 * Walks from what is wanted down to what is known and writes the graph between as plain data. Without a trace the
 * numbers in the graph become scalar inputs, so that one that changes from step to step needs no new program.
 */
export function capture({ outputs, assigned, traced }: CaptureRequest): Captured {
  const nodes: GraphNode[] = [];
  const ids = new Map<Tensor, number>();
  const inputs: Tensor[] = [];
  const scalars: (number | Tensor)[] = [];
  const residents: { variable: Variable; read: boolean }[] = [];
  const slots = new Map<Variable, number>();

  const addNode = (operation: GraphOperation, from: readonly number[], { shape, dtype }: Tensor): number => {
    return nodes.push({ operation, inputs: from, shape, dtype }) - 1;
  };
  const addInput = (tensor: Tensor): number => {
    return addNode({ name: 'input', slot: inputs.push(tensor) - 1 }, [], tensor);
  };
  const slotOf = (variable: Variable, read: boolean): number => {
    const slot = slots.get(variable) ?? residents.push({ variable, read }) - 1;
    slots.set(variable, slot);
    residents[slot].read ||= read;
    return slot;
  };
  const addScalar = (value: number | Tensor, tensor: Tensor): number => {
    return addNode({ name: 'scalar', slot: scalars.push(value) - 1 }, [], tensor);
  };
  const addKnown = (tensor: Tensor): number => {
    if (!traced) return addInput(tensor);
    const value = evaluate(tensor);
    // Only scalars fold into the program; anything larger stays with the backend, uploaded once.
    if (tensor.rank === 0) return addNode({ name: 'constant', value: value[0] }, [], tensor);
    const holder = new Variable(tensor, { name: 'captured tensor', trainable: false });
    return addNode({ name: 'resident', slot: slotOf(holder, true) }, [], tensor);
  };

  /** The node that only stands for another one, or undefined. */
  const alias = ({ operation, inputs: from }: Tensor): Tensor | undefined => {
    const { name } = operation;
    const passes = name === 'version' || name === 'stopGradient' || name === 'customGradient';
    return passes ? from.at(0) : undefined;
  };
  const leaf = (tensor: Tensor): number | undefined => {
    const { operation } = tensor;
    if (tensor.value) return addKnown(tensor);
    switch (operation.name) {
      case 'constant': {
        const structural = traced !== undefined || STRUCTURAL.has(operation.value) || tensor.dtype === 'bool';
        return structural ? addNode(operation, [], tensor) : addScalar(operation.value, tensor);
      }
      case 'iota':
        return addNode(operation, [], tensor);
      case 'argument':
        throw new TraceError(
          'the initial value of a variable depends on an argument of the compiled function; ' +
            'make it from constants and variables',
        );
      case 'hostInput':
        return addScalar(tensor, tensor);
      case 'version':
        // What a variable of a trace holds to begin with is also what it holds outside that trace.
        if (tensor.inputs.length === 0 && (!traced || tensor.trace === traced.trace)) {
          return addNode({ name: 'resident', slot: slotOf(operation.variable, true) }, [], tensor);
        }
        break;
      default:
    }
    // Made before the trace began: computed once, now.
    const outside = traced !== undefined && tensor.trace !== traced.trace;
    return outside ? addKnown(tensor) : undefined;
  };

  traced?.arguments.forEach((tensor) => ids.set(tensor, addInput(tensor)));
  const visit = (root: Tensor): number => {
    const stack = [root];
    for (let tensor = stack.at(-1); tensor; tensor = stack.at(-1)) {
      let id = ids.get(tensor) ?? leaf(tensor);
      if (id === undefined) {
        const through = alias(tensor);
        const from = through ? [through] : tensor.inputs;
        const missing = from.filter((input) => !ids.has(input));
        if (missing.length > 0) {
          stack.push(...missing.reverse());
          continue;
        }
        const fromIds = from.map((input) => ids.get(input) ?? -1);
        id = through ? fromIds[0] : addNode(tensor.operation as GraphOperation, fromIds, tensor);
      }
      ids.set(tensor, id);
      stack.pop();
    }
    return ids.get(root) ?? -1;
  };

  const outputIds = outputs.map(visit);
  const assignments = assigned.map(({ variable, value }) => ({
    node: visit(value),
    resident: slotOf(variable, false),
  }));
  return {
    key: nodes.map(keyOf).join(';') + JSON.stringify([outputIds, assignments]),
    graph: {
      nodes,
      outputs: outputIds,
      assignments,
      inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
      residents: residents.map(({ variable: { size, dtype } }) => ({ length: size, dtype })),
      scalars: scalars.length,
    },
    inputs,
    scalars,
    residents,
    assigned: assigned.map(({ variable }) => variable),
  };
}
