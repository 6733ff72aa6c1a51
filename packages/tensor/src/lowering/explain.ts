import { bytesPerElement } from '../dtype.js';
import { operandsOf } from './expression.js';
import type { Expression, Kernel, Program, Statement } from './program.js';

/** What one kernel costs: arithmetic operations (a multiply-add counts two) and bytes loaded and stored at least once. */
export interface KernelCost {
  readonly label: string;
  readonly flops: number;
  readonly bytes: number;
}

/** The cost of each kernel, in order. */
export function kernelCosts({ kernels, buffers }: Program): KernelCost[] {
  return kernels.map(({ label, body }) => {
    const touched = new Set<number>();
    let flops = 0;
    const countExpression = (expression: Expression, times: number): void => {
      if (expression.kind === 'load') touched.add(expression.buffer);
      if (['unary', 'binary', 'select'].includes(expression.kind)) flops += times;
      if (expression.kind === 'guard') countExpression(expression.value, times);
      for (const part of operandsOf(expression)) countExpression(part, times);
    };
    const count = (statement: Statement, times: number): void => {
      switch (statement.kind) {
        case 'loop':
          statement.body.forEach((inner) => {
            count(inner, times * statement.extent);
          });
          break;
        case 'reduce': {
          const all = statement.axes.reduce((product, { extent }) => product * extent, times);
          flops += all;
          [...statement.body, statement].forEach(({ value }) => {
            countExpression(value, all);
          });
          break;
        }
        case 'scan':
          flops += times * statement.axis.extent;
          countExpression(statement.value, times * statement.axis.extent);
          statement.body.forEach((inner) => {
            count(inner, times * statement.axis.extent);
          });
          break;
        case 'store':
        case 'accumulate':
          touched.add(statement.buffer);
          countExpression(statement.value, times);
          break;
        case 'let':
          countExpression(statement.value, times);
          break;
        case 'check':
          countExpression(statement.condition, times);
          break;
        case 'argsort':
          touched.add(statement.source.buffer).add(statement.target.buffer);
      }
    };
    body.forEach((statement) => {
      count(statement, 1);
    });
    const bytes = [...touched].reduce(
      (sum, buffer) => sum + buffers[buffer].length * bytesPerElement(buffers[buffer].dtype),
      0,
    );
    return { label, flops, bytes };
  });
}

function extentsOf({ body }: Kernel): number[] {
  const [loop] = body.filter((statement) => statement.kind === 'loop');
  return loop === undefined ? [] : [loop.extent, ...extentsOf({ label: '', body: loop.body })];
}

/** A table of a program's kernels, with totals. */
export function explainProgram(program: Program): string {
  const costs = kernelCosts(program);
  const rows = program.kernels.map((kernel, i) => [
    String(i),
    kernel.label,
    `[${extentsOf(kernel).join(', ')}]`,
    String(costs[i].flops),
    String(costs[i].bytes),
  ]);
  const table = [['kernel', 'operations', 'loops', 'flops', 'bytes'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
  const used = program.buffers.filter(({ length }) => length > 0);
  const total = (pick: (cost: KernelCost) => number): number => costs.reduce((sum, cost) => sum + pick(cost), 0);
  return [
    ...lines,
    `${program.kernels.length} kernels, ${used.length} buffers, arena of ${program.arenaBytes} bytes, ` +
      `${total(({ flops }) => flops)} flops, ${total(({ bytes }) => bytes)} bytes touched`,
  ].join('\n');
}
