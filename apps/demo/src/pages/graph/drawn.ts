import { amount, extents } from './amounts.js';
import type { Drawn } from './drawing.js';
import type { StepGraph } from './step-graph.js';

/** Operations as boxes. */
export function drawnOperations({ operations, layers }: StepGraph): Map<number, Drawn> {
  return new Map(
    operations.map(({ id, name, role, shape, part, layer, bytes }) => [
      id,
      {
        title: name,
        subtitle: extents(shape),
        place: placeOf(layers, layer),
        more: `${part}, ${amount(bytes, 'B')}`,
        part,
        given: role !== 'computed',
      },
    ]),
  );
}

/** Kernels as boxes. */
export function drawnKernels({ kernels, layers }: StepGraph): Map<number, Drawn> {
  return new Map(
    kernels.map(({ id, name, part, layer, flops, bytes, operations }) => [
      id,
      {
        title: `${id}: ${shorten(name)}`,
        subtitle: `${amount(flops)} flops, ${amount(bytes, 'B')}`,
        place: placeOf(layers, layer),
        more: `${name}, ${part}, ${operations.length} operations`,
        part,
        given: false,
      },
    ]),
  );
}

function placeOf(layers: readonly string[], layer: number): string {
  return `${layer + 1}. ${layers[layer]}`;
}

/** As many of the names as fit a box. */
function shorten(names: string): string {
  const [first, ...rest] = names.split(' ');
  return rest.length === 0 ? first : `${first} +${rest.length}`;
}
