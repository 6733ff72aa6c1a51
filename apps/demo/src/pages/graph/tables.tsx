import { amount, extents } from './amounts.js';
import type { StepGraph, Totals } from './step-graph.js';

/** The whole step before and after fusion. */
export function TotalsTable({ totals }: { readonly totals: Totals }) {
  return (
    <div class="scroll">
      <table>
        <caption class="visually-hidden">The whole step, before and after fusion</caption>
        <thead>
          <tr>
            <th scope="col">whole step</th>
            <th scope="col">before fusion</th>
            <th scope="col">after fusion</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">to run</th>
            <td>{totals.operations} operations</td>
            <td>{totals.kernels} kernels</td>
          </tr>
          <tr>
            <th scope="row">stored between</th>
            <td>{amount(totals.resultBytes, 'B')}</td>
            <td>
              {amount(totals.intermediateBytes, 'B')}, by turns in {amount(totals.arenaBytes, 'B')}
            </td>
          </tr>
          <tr>
            <th scope="row">read and written</th>
            <td>{amount(totals.trafficBefore, 'B')}</td>
            <td>{amount(totals.trafficAfter, 'B')}</td>
          </tr>
          <tr>
            <th scope="row">arithmetic</th>
            <td>{amount(totals.flopsBefore)} flops</td>
            <td>{amount(totals.flopsAfter)} flops</td>
          </tr>
        </tbody>
      </table>
      <p>
        <small>
          {totals.movements} nodes more only move data (reshape, windows, …) and cost nothing once fused. A
          product that a sum takes counts as one with it.
        </small>
      </p>
    </div>
  );
}

/** All kernels in the order in which they run: the graph as text. */
export function KernelTable({ graph: { kernels, layers } }: { readonly graph: StepGraph }) {
  return (
    <details>
      <summary>All {kernels.length} kernels as a table</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label="Kernels">
        <table>
          <thead>
            <tr>
              {['kernel', 'part', 'layer', 'does', 'loops', 'operations', 'flops', 'bytes', 'reads of'].map(
                (name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {kernels.map(({ id, part, layer, name, loops, operations, flops, bytes, inputs }) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                <td>{part}</td>
                <td>{layers[layer]}</td>
                <td>{name}</td>
                <td>{extents(loops)}</td>
                <td>{operations.length}</td>
                <td>{amount(flops)}</td>
                <td>{amount(bytes, 'B')}</td>
                <td>{inputs.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
