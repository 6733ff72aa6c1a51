import {
  compile,
  formatShape,
  isTensor,
  isVariable,
  zeros,
  type DType,
  type OperationName,
  type Shape,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import type { ForwardOptions, Module } from './module.js';
import { standIn } from './substitute.js';

/** What one layer does in a pass. */
export interface SummaryRow {
  /** Its name in the model, as in `modules()`, and its class: `features.0 (Linear)`. */
  readonly layer: string;
  readonly outputShape: Shape;
  /** Trainable numbers that no row above has. */
  readonly parameters: number;
  /** Arithmetic operations; a multiply-add counts two. */
  readonly flops: number;
}

/** A model layer by layer, in the order in which a pass leaves them. Printed, it is a table. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  /** Trainable numbers of the whole model. */
  readonly parameters: number;
  /** Arithmetic operations of a pass. */
  readonly flops: number;
  toString(): string;
}

export interface SummaryOptions {
  /** Of the input: float32 by default, int32 for words. */
  readonly dtype?: DType;
}

/** A call of a layer that has been entered and not left yet. */
interface Call {
  flops: number;
  innermost: boolean;
}

/**
 * What a model's layers give, hold and cost, found by following one pass (not of training) over an input of a shape,
 * the number of examples included. Nothing is run and nothing changes. Layers of any package are seen; of modules made of
 * others only those are listed that compute or hold something themselves.
 */
export function summary(
  model: Module,
  inputShape: Shape,
  { dtype = 'float32' }: SummaryOptions = {},
): Summary {
  const rows: SummaryRow[] = [];
  const names = new Map(Object.entries(model.modules()).map(([name, module]) => [module, name]));
  const counted = { nodes: new Set<Tensor>(), parameters: new Set<Variable>() };
  const calls: Call[] = [];
  /** Puts what has been computed up to a tensor, and has not been counted yet, down to the layer we are in. */
  const countFlops = (value: unknown): void => {
    const call = calls.at(-1);
    const flops = flopsUpTo(value, counted.nodes);
    if (call !== undefined) call.flops += flops;
  };
  const follow = (copy: Module, original: Module): void => {
    copy.forward = (x: Tensor | Variable, options?: ForwardOptions) => {
      countFlops(x);
      for (const call of calls) call.innermost = false;
      const call: Call = { flops: 0, innermost: true };
      calls.push(call);
      const output = original.forward.call(copy, x, options);
      countFlops(output);
      calls.pop();
      const own = original.parameters().filter((parameter) => !counted.parameters.has(parameter));
      for (const parameter of own) counted.parameters.add(parameter);
      const parameters = own.reduce((total, { size }) => total + size, 0);
      if (call.innermost || call.flops + parameters > 0) {
        const layer = `${names.get(original) ?? ''} (${original.constructor.name})`.trim();
        rows.push({ layer, outputShape: output.shape, parameters, flops: call.flops });
      }
      return output;
    };
  };
  const followed = standIn(model, () => undefined, follow);
  // Tracing runs and commits nothing, and a result that depends on nothing leaves nothing to be lowered.
  compile((x) => {
    followed.forward(x);
    return zeros([]);
  }).program(zeros(inputShape, { dtype }));

  const total = (pick: (row: SummaryRow) => number): number => rows.reduce((sum, row) => sum + pick(row), 0);
  const found = {
    rows,
    parameters: total(({ parameters }) => parameters),
    flops: total(({ flops }) => flops),
  };
  const print = (): string => table(found);
  return { ...found, toString: print, [Symbol.for('nodejs.util.inspect.custom')]: print };
}

/** Operations that only say where numbers are found, or where they come from. */
const FREE = new Set<OperationName>([
  'data',
  'constant',
  'version',
  'argument',
  'hostInput',
  'iota',
  'randomBits',
  'cast',
  'reshape',
  'permute',
  'expand',
  'slice',
  'pad',
  'concat',
  'windows',
  'gather',
  'argsort',
  'check',
  'stopGradient',
  'customGradient',
]);

/** Operations that take in each element of their last input once. */
const COMBINING = new Set<OperationName>([
  'sum',
  'prod',
  'max',
  'min',
  'argMax',
  'argMin',
  'foldWindows',
  'scatterAdd',
]);

/** Arithmetic in the graph behind a tensor (or several), up to nodes that are counted already; all are then. */
function flopsUpTo(value: unknown, counted: Set<Tensor>): number {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const stack = values.flatMap((each) => (isVariable(each) ? each.value : isTensor(each) ? each : []));
  let flops = 0;
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (counted.has(node)) continue;
    counted.add(node);
    const { operation, inputs, size } = node;
    if (COMBINING.has(operation.name)) flops += inputs[inputs.length - 1].size;
    else if (!FREE.has(operation.name)) flops += size;
    stack.push(...inputs);
  }
  return flops;
}

function table({ rows, parameters, flops }: Pick<Summary, 'rows' | 'parameters' | 'flops'>): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  const lines = [
    ['layer', 'output shape', 'parameters', 'flops'],
    ...rows.map((row) => [
      row.layer,
      formatShape(row.outputShape),
      number(row.parameters),
      number(row.flops),
    ]),
    ['total', '', number(parameters), number(flops)],
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  '),
    )
    .join('\n');
}
