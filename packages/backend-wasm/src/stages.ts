import type { Buffer, DType, Kernel, LoopAxis, Program, ReduceStatement, Statement } from '@downhill/tensor';
import { accessesIn, axesOf, bytesPerElement, indexOver, load, pointsOf, registerOf } from '@downhill/tensor';
import { inWinogradForm } from './contraction/winograd.js';
import { aligned, Gaps } from './gaps.js';
import { divisorOf, nested, nestOf } from './nest.js';
import { storesIn } from './statements.js';
import { replaceCounters } from './stretches.js';

/** Reductions of so many elements, over all results, are done in two stages. */
const LARGE = 2 ** 16;

/** What is loaded is at least so many times what the first stage stores. */
const FEWER = 16;

/** Its parts, at the most and at the least: the same for any number of threads, and so are the results. */
const MOST_PARTS = 16;
const LEAST_PARTS = 4;

/** The loop over parts: none of a program has this name. */
const PART = -1;

/** Makes a buffer that the kernels one is made into have for themselves: all threads together, or each for itself. */
export type AddBuffer = (dtype: DType, length: number, role?: 'intermediate' | 'scratch') => number;

/** A program of which kernels are made several where that gains, and for each of those which one it was made of. */
export interface Staged {
  readonly program: Program;
  readonly origins: readonly number[];
}

/**
 * Makes two kernels of each that reduces much to little: parts first, side by side, then what came of them. Threads then
 * divide what is read, rather than the few results, and mostly each reads what it has written itself. Convolutions that gain
 * by Winograd's form are brought into it.
 */
export function inStages(program: Program): Staged {
  const buffers = [...program.buffers];
  const gaps = new Gaps(program);
  const origins: number[] = [];
  const kernels = program.kernels.flatMap((kernel, number) => {
    let kept = 0;
    const addBuffer: AddBuffer = (dtype, length, role = 'intermediate') => {
      const bytes = length * bytesPerElement(dtype);
      let offset = kept;
      if (role === 'scratch') kept += aligned(bytes);
      else offset = gaps.place(number, bytes);
      return buffers.push({ role, slot: 0, dtype, length, offset }) - 1;
    };
    const stages = inWinogradForm(kernel, buffers, addBuffer) ?? stagesOf(kernel, buffers, addBuffer);
    origins.push(...stages.map(() => number));
    return stages;
  });
  return { program: { ...program, buffers, kernels, arenaBytes: gaps.bytes }, origins };
}

function stagesOf(kernel: Kernel, buffers: readonly Buffer[], addBuffer: AddBuffer): readonly Kernel[] {
  const { loops, body: inside } = nestOf(kernel.body);
  const [whole, ...others] = inside.filter(({ kind }) => kind === 'reduce' || kind === 'loop');
  // What follows row by row finds the row still near.
  if (whole?.kind !== 'reduce' || others.length > 0) return [kernel];
  const loaded = new Set(accessesIn([whole]).map(({ buffer }) => buffer));
  // What it loads has to be there, and what it needs known, in a kernel of its own.
  if (storesIn(kernel.body).some((each) => loaded.has(each.buffer)) || !isClosed(whole)) return [kernel];
  const most = [...loaded].reduce((sum, buffer) => sum + buffers[buffer].length, 0) / FEWER;
  const parts = partsOf(whole, pointsOf(loops), most);
  if (parts === 1) return [kernel];
  const { register, dtype, axes } = whole;
  const around: readonly LoopAxis[] = [{ axis: PART, extent: parts }, ...loops];
  const buffer = addBuffer(dtype, pointsOf(around));
  const place = indexOver(around);
  const first = nested(around, [
    partOf(whole, parts),
    { kind: 'store', buffer, index: place, value: registerOf(register, dtype, axesOf(place)) },
  ]);
  const joined = [{ axis: axes[0].axis, extent: parts }];
  const value = load(buffer, indexOver([...joined, ...loops]), dtype);
  const withParts = (body: readonly Statement[]): Statement[] =>
    body.map((each) =>
      each === whole
        ? { ...whole, axes: joined, body: [], value }
        : each.kind === 'loop'
          ? { ...each, body: withParts(each.body) }
          : each,
    );
  return [first, withParts(kernel.body)].map((body) => ({ ...kernel, body }));
}

/** Whether a reduction reads no register but its own. */
function isClosed({ body, value }: ReduceStatement): boolean {
  return [...body, { value }].every((each) =>
    [...each.value.registers].every((register) => body.some((own) => own.register === register)),
  );
}

/**
 * In how many equal parts a reduction is done, by parts of its first loop; 1 where it stays whole. `most` is how much the first
 * stage may store.
 */
function partsOf({ axes, combine }: ReduceStatement, results: number, most: number): number {
  if (combine.startsWith('arg') || results * pointsOf(axes) < LARGE) return 1;
  const parts = divisorOf(axes[0].extent, Math.min(MOST_PARTS, most / results));
  return parts < LEAST_PARTS ? 1 : parts;
}

/** A part of a reduction. */
function partOf(whole: ReduceStatement, parts: number): ReduceStatement {
  const [{ axis, extent }, ...rest] = whole.axes;
  const loop = { axis, extent: extent / parts };
  const moved = new Map([[axis, indexOver([{ axis: PART, extent: parts }, loop])]]);
  return { ...replaceCounters(moved)(whole), axes: [loop, ...rest] };
}
