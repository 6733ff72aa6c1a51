import { gradients } from '@downhill/autograd';
import { crossEntropy, type Module } from '@downhill/layers';
import {
  accessesIn,
  bytesPerElement,
  compile,
  kernelCosts,
  sizeOf,
  zeros,
  type DType,
  type Graph,
  type GraphNode,
  type Program,
  type Shape,
  type Statement,
  type Tensor,
} from '@downhill/tensor';
import { buildNetwork, writeLayers, type Network } from '../../network/layers.js';
import { rules } from '../../network/rules.js';

/** Which of the three things a training step does. */
export type Part = 'forward' | 'backward' | 'update';

export const PARTS: readonly Part[] = ['forward', 'backward', 'update'];

/** What stands between a node and its result: what is known already, what computes, and what only moves. */
export type Role = 'input' | 'variable' | 'computed';

/** A node of the graph before fusion; what only moves data, and single numbers, are left out. */
export interface Operation {
  /** Its number in the program's graph. */
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Of its result. */
  readonly bytes: number;
  readonly flops: number;
  readonly part: Part;
  /** The place of its layer in {@link StepGraph.layers}; the place after the last is that of the loss. */
  readonly layer: number;
  /** The operations it takes its numbers from, whatever is moved between. */
  readonly inputs: readonly number[];
  /** The kernels it is computed in. */
  readonly kernels: readonly number[];
}

/** A kernel of the program: what is left after fusion. */
export interface KernelView {
  readonly id: number;
  readonly name: string;
  /** Iterations of its loops, outermost first, without those of reductions inside. */
  readonly loops: readonly number[];
  readonly flops: number;
  /** Loaded or stored at least once. */
  readonly bytes: number;
  readonly part: Part;
  readonly layer: number;
  /** The kernels it reads results of. */
  readonly inputs: readonly number[];
  /** The operations that were fused into it. */
  readonly operations: readonly number[];
  /** What it stores. */
  readonly stores: readonly string[];
}

export interface Totals {
  readonly operations: number;
  /** Nodes that only move data, which cost nothing once fused. */
  readonly movements: number;
  readonly kernels: number;
  /** Bytes of all results, if each operation stored its own. */
  readonly resultBytes: number;
  /** Bytes of the intermediates that are stored, and of the memory they share by turns with what goes in and out. */
  readonly intermediateBytes: number;
  readonly arenaBytes: number;
  /** Bytes read and written, if each operation read what it takes and wrote what it gives. */
  readonly trafficBefore: number;
  readonly trafficAfter: number;
  readonly flopsBefore: number;
  readonly flopsAfter: number;
}

/** A training step as a graph, before and after fusion. */
export interface StepGraph {
  /** Layers as they are written, then `loss`. */
  readonly layers: readonly string[];
  readonly operations: readonly Operation[];
  readonly kernels: readonly KernelView[];
  readonly totals: Totals;
}

/** What a step is made from. */
export interface StepOptions {
  /** See `parseLayers`. */
  readonly layers: string;
  /** One of `rules`. */
  readonly rule: string;
  readonly batchSize: number;
}

/** A training step on digits, traced and lowered; nothing is run. */
export function traceStep(options: StepOptions): StepGraph {
  const { program, marks, layers } = trace(options);
  return describeStep(program, marks, layers);
}

interface Mark {
  readonly part: Part;
  readonly layer: number;
}

/** The program of a step, and for each node of its graph the part and layer it belongs to. */
export function trace({ layers: text, rule, batchSize }: StepOptions): {
  readonly program: Program;
  readonly marks: readonly Mark[];
  readonly layers: readonly string[];
} {
  const network = buildNetwork(text, [1, 28, 28]);
  const parameters = network.model.parameters();
  const optimizer = rules[rule].make({ learningRate: 0.01 });
  const images = zeros([batchSize, 1, 28, 28]);
  const labels = zeros([batchSize], { dtype: 'int32' });
  const step = compile((images: Tensor, labels: Tensor) => {
    const loss = crossEntropy(forward(network, images)[network.layers.length - 1], labels);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  });
  // The same without the update, which also gives back what stands between: its nodes are found again in the step's.
  const anatomy = compile((images: Tensor, labels: Tensor) => {
    const outputs = forward(network, images);
    const loss = crossEntropy(outputs[outputs.length - 1], labels);
    return [loss, ...outputs, ...gradients(loss, [...outputs, ...parameters])];
  });
  const program = step.program(images, labels);
  const owner = parameters.map((parameter) =>
    network.layers.findIndex(({ modules }) =>
      modules.some((module: Module) => module.parameters().includes(parameter)),
    ),
  );
  return {
    program,
    marks: markNodes(program.graph, anatomy.program(images, labels).graph, owner),
    layers: [...network.layers.map((layer) => writeLayers([layer.text])), 'loss'],
  };
}

/** What comes out of each layer. */
function forward({ layers }: Network, images: Tensor): Tensor[] {
  let signal = images;
  return layers.map(({ modules }) => {
    for (const module of modules) signal = module.forward(signal, { training: true });
    return signal;
  });
}

/**
 * `anatomy` gives the loss, the outputs of the layers, the loss's gradients by these and by the parameters, of which `owner` says to which
 * layer each belongs. Equal nodes of both graphs are found by what they do to equal inputs.
 */
function markNodes(graph: Graph, anatomy: Graph, owner: readonly number[]): Mark[] {
  const known = new Map<string, number>();
  const step = identify(graph.nodes, known);
  const identities = identify(anatomy.nodes, known);
  const marks = new Map<number, Mark>();
  const markBelow = (root: number, mark: Mark): void => {
    const stack = [root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (marks.has(identities[node])) continue;
      marks.set(identities[node], mark);
      stack.push(...anatomy.nodes[node].inputs);
    }
  };
  const count = (anatomy.outputs.length - 1 - owner.length) / 2;
  const [loss, ...rest] = anatomy.outputs;
  const outputs = rest.slice(0, count);
  const byOutputs = rest.slice(count, 2 * count);
  const byParameters = rest.slice(2 * count);
  outputs.forEach((node, layer) => {
    markBelow(node, { part: 'forward', layer });
  });
  markBelow(loss, { part: 'forward', layer: count });
  // The gradient by a layer's output is the work of the layer after it.
  for (let layer = count; layer >= 0; layer--) {
    if (layer > 0) markBelow(byOutputs[layer - 1], { part: 'backward', layer });
    byParameters.forEach((node, i) => {
      if (owner[i] === layer) markBelow(node, { part: 'backward', layer });
    });
  }
  const found: Mark[] = [];
  graph.nodes.forEach(({ inputs }, id) => {
    // What an update is for is seen from the gradient and the parameter it takes.
    const from = inputs.filter((input) => graph.nodes[input].operation.name !== 'constant');
    const layers = from
      .filter((input) => graph.nodes[input].inputs.length > 0)
      .map((input) => found[input].layer);
    found.push(
      marks.get(step[id]) ?? { part: 'update', layer: layers.length > 0 ? Math.min(...layers) : count },
    );
  });
  return found;
}

/** A number for each node, the same for nodes that do the same to the same. */
function identify(nodes: readonly GraphNode[], known: Map<string, number>): number[] {
  const numbers: number[] = [];
  for (const { operation, inputs, shape, dtype } of nodes) {
    const key = JSON.stringify([operation, inputs.map((input) => numbers[input]), shape, dtype]);
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    numbers.push(number);
  }
  return numbers;
}

const MOVEMENTS = new Set([
  'reshape',
  'permute',
  'expand',
  'slice',
  'pad',
  'windows',
  'check',
  'concat',
  'cast',
]);
const HIDDEN = new Set(['constant', 'scalar', 'iota']);
const REDUCTIONS = new Set(['sum', 'prod', 'max', 'min', 'argMax', 'argMin', 'foldWindows', 'cumulativeSum']);

function describeStep(program: Program, marks: readonly Mark[], layers: readonly string[]): StepGraph {
  const { nodes } = program.graph;
  const reached = reach(program.graph);
  const computedIn = nodes.map((): number[] => []);
  program.kernels.forEach((kernel, i) => {
    for (const node of kernel.nodes) computedIn[node].push(i);
  });
  const users = nodes.map(() => 0);
  for (const id of reached) for (const input of new Set(nodes[id].inputs)) users[input]++;
  /** A product that one sum takes is part of it: nobody would store all products of a matrix product. */
  const summed = new Set(
    [...reached].flatMap((id) => {
      const [factor] = nodes[id].inputs;
      const isProduct = nodes[id].operation.name === 'sum' && nodes[factor].operation.name === 'mul';
      return isProduct && users[factor] === 1 ? [factor] : [];
    }),
  );
  const isShown = (id: number): boolean => {
    const { name } = nodes[id].operation;
    return !MOVEMENTS.has(name) && !HIDDEN.has(name) && !summed.has(id);
  };
  /** The shown nodes that a node's numbers come from. */
  const sourcesOf = (id: number): number[] => {
    const found = new Set<number>();
    const stack = [...nodes[id].inputs].reverse();
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (isShown(node)) found.add(node);
      else stack.push(...[...nodes[node].inputs].reverse());
    }
    return [...found];
  };
  const bytesOf = (id: number): number => sizeOf(nodes[id].shape) * bytesPerElement(nodes[id].dtype);
  const flopsOf = (id: number): number => {
    const { operation, inputs, shape } = nodes[id];
    if (REDUCTIONS.has(operation.name)) {
      return sizeOf(nodes[inputs[0]].shape) * (summed.has(inputs[0]) ? 2 : 1);
    }
    return inputs.length === 0 ? 0 : sizeOf(shape);
  };

  const shown = [...reached].filter(isShown).sort((a, b) => a - b);
  const operations = shown.map((id): Operation => {
    const { operation, inputs, shape, dtype } = nodes[id];
    const role =
      operation.name === 'input' ? 'input' : operation.name === 'resident' ? 'variable' : 'computed';
    return {
      id,
      name: summed.has(inputs[0]) ? 'sum of products' : role === 'variable' ? 'variable' : operation.name,
      role,
      shape,
      dtype,
      bytes: bytesOf(id),
      flops: flopsOf(id),
      ...marks[id],
      inputs: sourcesOf(id),
      kernels: computedIn[id],
    };
  });
  const kernels = describeKernels(program, operations, marks);
  const computed = operations.filter(({ role }) => role === 'computed');
  const stored = new Set(program.kernels.flatMap(({ body }) => accessesIn(body).map(({ buffer }) => buffer)));
  return {
    layers,
    operations,
    kernels,
    totals: {
      operations: computed.length,
      movements: [...reached].filter((id) => MOVEMENTS.has(nodes[id].operation.name)).length,
      kernels: kernels.length,
      resultBytes: total(computed.map(({ bytes }) => bytes)),
      intermediateBytes: total(
        program.buffers.map(({ role, length, dtype }, i) =>
          role === 'intermediate' && stored.has(i) ? length * bytesPerElement(dtype) : 0,
        ),
      ),
      arenaBytes: program.arenaBytes,
      trafficBefore: total(
        computed.map(({ bytes, inputs }) => bytes + total(inputs.map((input) => bytesOf(input)))),
      ),
      trafficAfter: total(kernels.map(({ bytes }) => bytes)),
      flopsBefore: total(computed.map(({ flops }) => flops)),
      flopsAfter: total(kernels.map(({ flops }) => flops)),
    },
  };
}

function describeKernels(
  program: Program,
  operations: readonly Operation[],
  marks: readonly Mark[],
): KernelView[] {
  const costs = kernelCosts(program);
  const writer = new Map<number, number>();
  return program.kernels.map(({ body, label, nodes }, id) => {
    const written = writesIn(body);
    const read = new Set(accessesIn(body).map(({ buffer }) => buffer));
    const inputs = new Set([...read].flatMap((buffer) => writer.get(buffer) ?? []));
    for (const buffer of written) writer.set(buffer, id);
    const own = operations.filter(({ kernels }) => kernels.includes(id));
    return {
      id,
      name: label,
      loops: loopsOf(body),
      flops: costs[id].flops,
      bytes: costs[id].bytes,
      ...commonest(own.length > 0 ? own : nodes.map((node) => marks[node])),
      inputs: [...inputs],
      operations: own.map((operation) => operation.id),
      stores: written.map((buffer) => {
        const { role, length, dtype } = program.buffers[buffer];
        return `${role === 'resident' ? 'variable' : role} of ${length} ${dtype}`;
      }),
    };
  });
}

/** The part and layer that come most often, of equals the later. */
function commonest(marks: readonly Mark[]): Mark {
  const keyOf = ({ part, layer }: Mark): string => `${part} ${layer}`;
  const counts = new Map<string, number>();
  for (const mark of marks) counts.set(keyOf(mark), (counts.get(keyOf(mark)) ?? 0) + 1);
  const countOf = (mark: Mark): number => counts.get(keyOf(mark)) ?? 0;
  const { part, layer } = marks.reduce((best, each) => (countOf(each) >= countOf(best) ? each : best));
  return { part, layer };
}

/** The buffers that statements store into. */
function writesIn(statements: readonly Statement[]): number[] {
  const buffers = statements.flatMap((statement): number[] => {
    if (statement.kind === 'store' || statement.kind === 'accumulate') return [statement.buffer];
    if (statement.kind === 'argsort') return [statement.target.buffer];
    return 'body' in statement ? writesIn(statement.body) : [];
  });
  return [...new Set(buffers)];
}

function loopsOf(body: readonly Statement[]): number[] {
  const loop = body.find((statement) => statement.kind === 'loop');
  return loop === undefined ? [] : [loop.extent, ...loopsOf(loop.body)];
}

function reach({ nodes, outputs, assignments }: Graph): Set<number> {
  const found = new Set([...outputs, ...assignments.map(({ node }) => node)]);
  for (const id of found) for (const input of nodes[id].inputs) found.add(input);
  return found;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
