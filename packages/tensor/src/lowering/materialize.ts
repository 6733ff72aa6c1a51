import type { WindowGeometry } from '../operation.js';
import { sizeOf } from '../shape.js';
import type { Graph, GraphNode } from './graph.js';

/** Rough costs of computing one element, in multiply-adds: what decides between computing again and storing. */
const COSTS: Readonly<Record<string, number>> = {
  div: 4,
  sqrt: 4,
  pow: 20,
  exp: 10,
  expm1: 12,
  log: 10,
  log1p: 12,
  sin: 14,
  cos: 14,
  tanh: 14,
  sigmoid: 14,
  softplus: 24,
  erf: 16,
};

/** From this cost on, an element needed twice is stored rather than computed twice. */
const WORTH_STORING = 8;
/** From this cost on, an element that is repeated (by a broadcast, windows, an index) is stored. */
const WORTH_STORING_REPEATED = 4;
/** No expression grows beyond this: long chains are cut into kernels. */
const LONGEST = 300;

const LEAVES = new Set(['input', 'resident', 'scalar', 'constant', 'iota']);
const REDUCTIONS = new Set(['sum', 'prod', 'max', 'min', 'argMax', 'argMin', 'foldWindows']);
const MOVEMENTS = new Set([
  'reshape',
  'permute',
  'expand',
  'slice',
  'pad',
  'windows',
  'foldWindows',
  'check',
]);
/** Movements that repeat elements. */
const REPEATING = new Set(['expand', 'windows', 'gather']);
/** Movements that keep every element once. */
export const BIJECTIVE = new Set(['reshape', 'permute', 'check']);
/** Movements whose result holds numbers of their input and no others. */
export const SOME_ELEMENTS = new Set(['slice', 'reshape', 'permute', 'expand']);
/** Operations that always store, each in a kernel of its own. */
const ALONE = new Set(['cumulativeSum', 'scatterAdd', 'argsort']);

/** Movements that leave a plain view of a buffer. */
const VIEWS = new Set([...SOME_ELEMENTS, 'windows', 'check']);

/** Operations that compute their inputs in some places only. */
const WHERE_IT_FITS = new Set(['pad', 'concat', 'foldWindows']);

export function isLeaf({ operation }: GraphNode): boolean {
  return LEAVES.has(operation.name);
}

export function isReduction({ operation }: GraphNode): boolean {
  if (operation.name === 'foldWindows') return !liesApart(operation);
  return REDUCTIONS.has(operation.name);
}

/** Whether windows do not overlap: folding them moves elements, and adds nothing up. */
export function liesApart({ size, stride, dilation }: WindowGeometry): boolean {
  return size.every((extent, i) => extent === 1 || (dilation[i] === 1 && extent <= stride[i]));
}

/** The first node at or below `id` that does something else than the operations named, or that `stop` holds for. */
export function descend(
  nodes: readonly GraphNode[],
  id: number,
  through: ReadonlySet<string>,
  stop: (id: number) => boolean = () => false,
): number {
  let base = id;
  while (through.has(nodes[base].operation.name) && !stop(base)) base = nodes[base].inputs[0];
  return base;
}

/** Whether a node sums products of two factors. */
export function isSumOfProducts(nodes: readonly GraphNode[], id: number): boolean {
  const { operation, inputs } = nodes[id];
  return operation.name === 'sum' && nodes[inputs[0]].operation.name === 'mul';
}

function isElementwise(node: GraphNode): boolean {
  const { name } = node.operation;
  return (
    !isLeaf(node) &&
    !isReduction(node) &&
    !MOVEMENTS.has(name) &&
    !ALONE.has(name) &&
    name !== 'gather' &&
    name !== 'concat'
  );
}

/** Which nodes get a buffer; all others are computed where they are used. */
export function chooseMaterialized(graph: Graph): Set<number> {
  const { nodes } = graph;
  const stored = new Set<number>();
  const consumers = nodes.map((): number[] => []);
  const wanted = new Set([...graph.outputs, ...graph.assignments.map(({ node }) => node)]);
  const reachable = (id: number): boolean => wanted.has(id) || consumers[id].length > 0;
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (reachable(id)) new Set(nodes[id].inputs).forEach((input) => consumers[input].push(id));
  }
  const store = (id: number): void => {
    if (!isLeaf(nodes[id])) stored.add(id);
  };
  wanted.forEach(store);

  /** The node below any movements: what would be stored in place of a moved (perhaps repeated) one. */
  const below = (id: number): number =>
    descend(nodes, id, MOVEMENTS, (each) => stored.has(each) || isReduction(nodes[each]));

  // Reductions are computed inside the kernel of what consumes them, if every element is used once and in one place.
  const hosts = new Set<number>();
  const placeReduction = (id: number): void => {
    let top = id;
    while (!stored.has(top) && consumers[top].length === 1) {
      const [next] = consumers[top];
      const { operation, inputs } = nodes[next];
      // A sum of products that windows are folded over becomes one sum with the folding.
      const moved = descend(nodes, top, BIJECTIVE) === id;
      if (operation.name === 'foldWindows' && isReduction(nodes[next]) && moved && isSumOfProducts(nodes, id))
        return;
      // The condition of a check is tested by a pass over it.
      if (operation.name === 'check' && inputs[1] === top) break;
      const fits = isElementwise(nodes[next]) || BIJECTIVE.has(operation.name) || operation.name === 'slice';
      if (!fits || sizeOf(nodes[next].shape) > sizeOf(nodes[id].shape)) break;
      top = next;
    }
    if (hosts.has(top)) top = id;
    hosts.add(top);
    store(top);
  };

  /** Operands of a contraction are read many times: they must be plain views of buffers. */
  const placeOperands = ({ inputs: [factors], operation }: GraphNode): void => {
    if (operation.name !== 'sum' || nodes[factors].operation.name !== 'mul' || consumers[factors].length > 1)
      return;
    const { inputs } = nodes[factors];
    const repeats = (id: number): boolean => REPEATING.has(nodes[id].operation.name);
    const bases = inputs.map((operand) => descend(nodes, operand, VIEWS, (id) => stored.has(id)));
    const repeated = inputs.every((operand, i) =>
      repeats(descend(nodes, operand, VIEWS, (id) => id === bases[i] || repeats(id))),
    );
    if (repeated) bases.forEach(store);
  };

  const costs = nodes.map(() => 0);
  /** Nodes that draw random numbers where they are used. */
  const drawing = new Set<number>();
  nodes.forEach((node, id) => {
    if (!reachable(id)) return;
    const { operation, inputs } = node;
    if (isReduction(node)) {
      placeOperands(node);
      placeReduction(id);
    }
    if (ALONE.has(operation.name)) store(id);
    // A draw has many steps in common with itself, which are written once only where all of it is computed at every point.
    if (ALONE.has(operation.name) || WHERE_IT_FITS.has(operation.name))
      for (const input of inputs) if (drawing.has(input)) store(below(input));
    if (operation.name === 'argsort') store(inputs[0]);
    if (operation.name === 'gather' || operation.name === 'scatterAdd') {
      // The indices, where they are computed, are checked by a pass over them.
      const indices = operation.name === 'gather' ? inputs[1] : inputs[0];
      store(below(indices));
    }
    if (REPEATING.has(operation.name) && sizeOf(nodes[inputs[0]].shape) > 1) {
      const base = below(inputs[0]);
      const repeats = operation.name !== 'expand' || sizeOf(node.shape) > sizeOf(nodes[inputs[0]].shape);
      if (repeats && costs[base] >= WORTH_STORING_REPEATED) store(base);
    }
    const cost = inputs.reduce((sum, input) => sum + (stored.has(input) ? 0 : costs[input]), 0);
    const own = isElementwise(node) && operation.name !== 'randomBits' ? (COSTS[operation.name] ?? 1) : 0;
    if (stored.has(id)) return;
    if (operation.name === 'randomBits' || inputs.some((input) => drawing.has(input) && !stored.has(input)))
      drawing.add(id);
    const often = consumers[id].length > 1 && cost + own >= WORTH_STORING;
    if (often || cost + own > LONGEST) store(below(id));
    else costs[id] = cost + own;
  });
  return stored;
}
