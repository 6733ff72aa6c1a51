import { getBackend } from './backend.js';
import { BoundedCache } from './bounded-cache.js';
import type { Captured } from './capture.js';
import { capture } from './capture.js';
import { describe, exactly } from './describe.js';
import { DTypeError, TraceError } from './errors.js';
import { evaluate, execute, runPending } from './evaluate.js';
import { executableFor } from './executables.js';
import { explainProgram } from './lowering/explain.js';
import type { Program } from './lowering/program.js';
import { remembering } from './remembering.js';
import { fromArray, isTensor, Tensor } from './tensor.js';
import { currentTrace, recording, Trace } from './trace.js';
import type { Variable } from './variable.js';
import { isVariable } from './variable.js';

/** What can go into and come out of a compiled function: tensors, variables and plain values, nested. */
export type Tree =
  | Tensor
  | Variable
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Tree[]
  | { readonly [key: string]: Tree };

/** A function that runs as one program for each signature of its arguments. */
export interface CompiledFunction<Arguments extends unknown[], Result> {
  (...args: Arguments): Result;
  /** Kernels, buffers, bytes and flops of what calls with such arguments run; nothing is run. */
  explain(...args: Arguments): string;
  /**
   * Does what a call does, with a clock around each kernel, and tells in a table how long each took and how much of what
   * the machine can do that is. A function's first calls are slower than what follows: call it a few times before.
   */
  profile(...args: Arguments): string;
  /** The program itself, as plain data; nothing is run. */
  program(...args: Arguments): Program;
  /** How often the function has been traced: once for each signature. */
  readonly traces: number;
}

/** Where tensors stood in a nested value: numbers of leaves in their place. */
interface Flat {
  readonly tensors: Tensor[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown;
  /** Shapes, dtypes and plain values. */
  readonly signature: string;
}

interface TracedCall {
  readonly captured: Captured;
  readonly hostInputs: readonly Tensor[];
  readonly results: readonly Pick<Tensor, 'shape' | 'dtype' | 'weak'>[];
  readonly rebuild: Flat['rebuild'];
}

/** From this many traces of one function on, a warning says how to need fewer. */
const MANY_TRACES = 16;

/**
 * Makes a function of tensors run as one program: it is traced once for each signature of its arguments (shapes, dtypes,
 * plain values), lowered to fused kernels over planned memory, and from then on a call is one run. Variables it reads
 * are read at each call, those it assigns are overwritten when it has succeeded. Without compile the same function gives
 * the same numbers. Called while another function is being traced it becomes part of that trace.
 */
export function compile<Arguments extends Tensor[], Result>(
  fn: (...args: Arguments) => Result,
): CompiledFunction<Arguments, Result>;
export function compile<Arguments extends unknown[], Result>(
  fn: (...args: Arguments) => Result,
): CompiledFunction<Arguments, Result>;
export function compile<Arguments extends unknown[], Result>(
  fn: (...args: Arguments) => Result,
): CompiledFunction<Arguments, Result> {
  if (typeof fn !== 'function') throw new DTypeError(`compile: expected a function, got ${typeof fn}`);
  const calls = new BoundedCache<TracedCall>();
  let traces = 0;

  const tracedCall = ({ tensors, rebuild, signature }: Flat): TracedCall => {
    const known = calls.get(signature);
    if (known) return known;
    const call = traceCall(fn, tensors, rebuild);
    calls.set(signature, call);
    traces++;
    if (traces === MANY_TRACES) {
      console.warn(
        `compile: ${fn.name || 'a function'} has been traced ${MANY_TRACES} times: ` +
          'pass numbers that change as a tensor or a hostInput',
      );
    }
    return call;
  };

  const run = (...args: Arguments): Result => call(args);
  const call = (args: Arguments, tick?: (kernel: number) => void): Result => {
    if (currentTrace()) return refusePromise(fn(...args));
    const flat = flatten(args, 'an argument of a compiled function');
    const { captured, hostInputs, results, rebuild } = tracedCall(flat);
    const given = hostInputs.map(readHostInput);
    const inputs = flat.tensors.map(evaluate);
    runPending();
    const scalars = captured.scalars.map((scalar) =>
      typeof scalar === 'number' ? scalar : given[hostInputs.indexOf(scalar)],
    );
    const outputs = execute(captured, getBackend(), inputs, scalars, tick);
    for (const { operation } of hostInputs) if (operation.name === 'hostInput') operation.committed?.();
    return rebuild(
      outputs.map((value, i) => fromArray(value, results[i].shape, results[i].dtype, results[i].weak)),
    ) as Result;
  };
  const program = (...args: Arguments): Program => {
    const { captured } = tracedCall(flatten(args, 'an argument of a compiled function'));
    return executableFor(captured, getBackend()).program;
  };
  const explain = (...args: Arguments): string => explainProgram(program(...args));
  const profile = (...args: Arguments): string => {
    const ends: number[] = [];
    let start = 0;
    // Inputs are copied in before the first kernel; what comes before it does not count.
    call(args, (kernel) => {
      if (kernel < 0) start = performance.now();
      else ends[kernel] = performance.now();
    });
    const times = ends.map((end, i) => end - (i === 0 ? start : ends[i - 1]));
    return explainProgram(program(...args), times, getBackend().ceilings?.());
  };
  return Object.defineProperty(Object.assign(run, { explain, profile, program }), 'traces', {
    get: () => traces,
  }) as CompiledFunction<Arguments, Result>;
}

function readHostInput({ operation }: Tensor): number {
  return operation.name === 'hostInput' ? operation.read() : NaN;
}

/** The result of a traced function, which must not be a promise. */
function refusePromise<Result>(result: Result): Result {
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined);
  throw new TraceError(
    'compile: expected a function that computes its result without waiting, got an async one',
  );
}

function traceCall<Arguments extends unknown[]>(
  fn: (...args: Arguments) => unknown,
  tensors: readonly Tensor[],
  rebuild: Flat['rebuild'],
): TracedCall {
  const trace = new Trace();
  try {
    const { placeholders, result } = recording(trace, () => {
      const placeholders = tensors.map(
        ({ shape, dtype, weak }, index) => new Tensor({ name: 'argument', index }, [], shape, dtype, weak),
      );
      return { placeholders, result: refusePromise(fn(...(rebuild(placeholders) as Arguments))) };
    });
    const flat = recording(trace, () => flatten(result, 'the result of a compiled function'));
    const captured = capture({
      outputs: flat.tensors,
      assigned: [...trace.assigned].map(([variable, value]) => ({ variable, value })),
      traced: { trace, arguments: placeholders },
    });
    return { captured, hostInputs: trace.hostInputs, results: flat.tensors, rebuild: flat.rebuild };
  } finally {
    trace.closed = true;
  }
}

let variables = 0;
const numberOf = remembering<Variable, number>(() => ++variables);

/** The types of plain values, with null. */
const PLAIN: ReadonlySet<string> = new Set(['undefined', 'boolean', 'number', 'string']);

/** Takes the tensors out of a nested value. */
function flatten(value: unknown, what: string): Flat {
  const tensors: Tensor[] = [];
  const signature: string[] = [];
  const visit = (part: unknown): Flat['rebuild'] => {
    if (isTensor(part)) {
      const place = tensors.push(part) - 1;
      signature.push(`${part.weak ? 'weak ' : ''}${part.dtype}${part.shape.join('x')}`);
      return (found) => found[place];
    }
    if (isVariable(part)) {
      signature.push(`variable ${numberOf(part)}`);
      return () => part;
    }
    if (Array.isArray(part)) {
      signature.push('[');
      const items = part.map(visit);
      signature.push(']');
      return (found) => items.map((item) => item(found));
    }
    if (part === null || PLAIN.has(typeof part)) {
      signature.push(typeof part === 'string' ? JSON.stringify(part) : exactly(part));
      return () => part;
    }
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new DTypeError(
        `compile: ${what} is ${describe(part)}; expected tensors, plain values, arrays or plain objects`,
      );
    }
    const entries = Object.entries(part as object).map(([key, item]) => {
      signature.push(`${JSON.stringify(key)}:`);
      return [key, visit(item)] as const;
    });
    signature.push('}');
    return (found) => Object.fromEntries(entries.map(([key, item]) => [key, item(found)]));
  };
  const rebuild = visit(value);
  return { tensors, rebuild, signature: signature.join(' ') };
}
