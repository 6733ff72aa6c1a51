import { bytesPerElement } from '../dtype.js';
import { formatShape } from '../shape.js';
import { accessesIn } from './accesses.js';
import { operandsOf } from './expression.js';
import type { Expression, Program, Statement } from './program.js';
import { pointsOf } from './roots.js';

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

function extentsOf(body: readonly Statement[]): number[] {
  const loop = body.find((statement) => statement.kind === 'loop');
  return loop === undefined ? [] : [loop.extent, ...extentsOf(loop.body)];
}

/**
 * A table of a program's kernels, with totals: arithmetic operations (a multiply-add counts two) and bytes loaded and
 * stored at least once.
 */
export function explainProgram({ kernels, buffers, arenaBytes }: Program): string {
  const rows = kernels.map(({ label, body }, i) => {
    const touched = new Set(accessesIn(body).map(({ buffer }) => buffers[buffer]));
    const bytes = [...touched].reduce((sum, { length, dtype }) => sum + length * bytesPerElement(dtype), 0);
    return [i, label, formatShape(extentsOf(body)), flopsIn(body), bytes];
  });
  const table = [['kernel', 'operations', 'loops', 'flops', 'bytes'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => String(row[column]).length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => String(cell).padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  const total = (column: number): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
  const used = buffers.filter(({ length }) => length > 0).length;
  return [
    ...lines,
    `${rows.length} kernels, ${used} buffers, arena of ${arenaBytes} bytes, ${total(3)} flops, ${total(4)} bytes touched`,
  ].join('\n');
}
