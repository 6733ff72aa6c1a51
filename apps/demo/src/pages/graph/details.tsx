import { amount, extents } from './amounts.js';
import type { KernelView, Operation, StepGraph } from './step-graph.js';

interface DetailsProps {
  readonly graph: StepGraph;
  readonly operation: Operation | undefined;
  readonly kernel: KernelView | undefined;
}

/** What there is to know of the box that was chosen. */
export function Details({ graph, operation, kernel }: DetailsProps) {
  const rows =
    operation !== undefined
      ? operationRows(graph, operation)
      : kernel !== undefined
        ? kernelRows(graph, kernel)
        : undefined;
  return (
    <div class="graph-details" aria-live="polite">
      {rows === undefined ? (
        <p>Nothing is chosen. Click a box, or tab to the graph and move with the arrow keys.</p>
      ) : (
        <dl>
          {Object.entries(rows).map(([name, value]) => [
            <dt key={name}>{name}</dt>,
            <dd key={`${name} is`}>{value}</dd>,
          ])}
        </dl>
      )}
    </div>
  );
}

type Rows = Readonly<Record<string, string>>;

function operationRows(
  graph: StepGraph,
  { id, name, part, layer, shape, dtype, bytes, flops, kernels }: Operation,
): Rows {
  const fusedWith = new Set(kernels.flatMap((kernel) => graph.kernels[kernel].operations));
  return {
    operation: name,
    belongs: `${part} of layer ${layer + 1} (${graph.layers[layer]})`,
    result: `${extents(shape)}, ${dtype}, ${amount(bytes, 'B')}`,
    flops: amount(flops),
    'computed in':
      kernels.length === 0
        ? 'no kernel: it is there'
        : `${kernels.map((kernel) => `kernel ${kernel}`).join(', ')}, with ${fusedWith.size - 1} other operations (filled boxes)` +
          (fusedWith.has(id) && kernels.length > 1 ? '; computing it again is cheaper than storing it' : ''),
  };
}

function kernelRows(
  graph: StepGraph,
  { id, name, part, layer, loops, flops, bytes, operations, stores }: KernelView,
): Rows {
  const names = operations.flatMap(
    (operation) => graph.operations.find((each) => each.id === operation)?.name ?? [],
  );
  return {
    kernel: `${id}: ${name}`,
    belongs: `${part} of layer ${layer + 1} (${graph.layers[layer]})`,
    loops: loops.length === 0 ? 'none' : extents(loops),
    flops: amount(flops),
    bytes: `${amount(bytes, 'B')} read or written`,
    fuses: names.length === 0 ? 'data that is moved' : names.join(', '),
    stores: stores.join('; '),
  };
}
