import type { Ceilings } from '../backend.js';
import { bytesPerElement } from '../dtype.js';
import { formatShape } from '../shape.js';
import { accessesIn } from './accesses.js';
import { operandsOf } from './expression.js';
import type { Expression, Program, Statement } from './program.js';
import { pointsOf } from './index-expression.js';

/** What one kernel costs: arithmetic operations (a multiply-add counts two) and bytes loaded and stored at least once. */
export interface KernelCost {
  readonly label: string;
  readonly flops: number;
  readonly bytes: number;
}

/** How often what is inside a statement runs each time the statement does. */
function runsOf(statement: Statement): number {
  if (statement.kind === 'loop') return statement.extent;
  if (statement.kind === 'scan') return statement.axis.extent;
  return statement.kind === 'reduce' ? pointsOf(statement.axes) : 1;
}

function flopsOf(expression: Expression): number {
  const own = ['unary', 'binary', 'select'].includes(expression.kind) ? 1 : 0;
  const parts =
    expression.kind === 'guard' ? [expression.value, expression.otherwise] : operandsOf(expression);
  return parts.reduce((sum, part) => sum + flopsOf(part), own);
}

function flopsIn(statements: readonly Statement[]): number {
  return statements.reduce((sum, statement) => {
    const combining = statement.kind === 'reduce' || statement.kind === 'scan' ? 1 : 0;
    const value = 'value' in statement ? flopsOf(statement.value) : 0;
    const inside = 'body' in statement ? flopsIn(statement.body) : 0;
    return sum + runsOf(statement) * (combining + value + inside);
  }, 0);
}

/** The cost of each kernel, in order. */
export function kernelCosts({ kernels, buffers }: Program): KernelCost[] {
  return kernels.map(({ label, body }) => {
    const touched = new Set(accessesIn(body).map(({ buffer }) => buffers[buffer]));
    const bytes = [...touched].reduce((sum, { length, dtype }) => sum + length * bytesPerElement(dtype), 0);
    return { label, flops: flopsIn(body), bytes };
  });
}

function extentsOf(body: readonly Statement[]): number[] {
  const loop = body.find((statement) => statement.kind === 'loop');
  return loop ? [loop.extent, ...extentsOf(loop.body)] : [];
}

/**
 * A table of a program's kernels, with totals; with the time each took, in milliseconds, also how fast that is, and what
 * part of the ceilings: of the one that is nearer.
 */
export function explainProgram(program: Program, times?: readonly number[], ceilings?: Ceilings): string {
  const costs = kernelCosts(program);
  const table = [['kernel', 'operations', 'loops', 'flops', 'bytes']];
  if (times) table[0].push('ms', 'GF/s', 'GB/s', ceilings ? 'of ceiling' : '');
  costs.forEach(({ label, flops, bytes }, i) => {
    const loops = formatShape(extentsOf(program.kernels[i].body));
    const row = [String(i), label, loops, String(flops), String(bytes)];
    if (times) {
      // Per millisecond and million: thousands of millions a second.
      const [perFlop, perByte] = [flops, bytes].map((count) => count / times[i] / 1e6);
      const part = ceilings && 1e11 * Math.max(perFlop / ceilings.flops, perByte / ceilings.bytes);
      row.push(
        times[i].toFixed(3),
        perFlop.toFixed(1),
        perByte.toFixed(1),
        part ? `${part.toFixed(0)} %` : '',
      );
    }
    table.push(row);
  });
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  const used = program.buffers.filter(({ length }) => length > 0);
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return [
    ...lines,
    `${costs.length} kernels, ${used.length} buffers, arena of ${program.arenaBytes} bytes, ` +
      `${total(costs.map(({ flops }) => flops))} flops, ${total(costs.map(({ bytes }) => bytes))} bytes touched` +
      (times ? `, ${total(times).toFixed(3)} ms` : ''),
  ].join('\n');
}
