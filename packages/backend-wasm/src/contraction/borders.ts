import type { IndexExpression, LoopAxis, Program, Statement } from '@downhill/tensor';
import { coefficientOf, rangeOf } from '@downhill/tensor';
import type { Load } from './contraction.js';

/** Along one dimension of a buffer, whose elements are `stride` apart: outside of lower to upper all are zero. */
export interface Border {
  readonly stride: number;
  readonly extent: number;
  readonly lower: number;
  readonly upper: number;
}

/** The zeros around what buffers hold, as far as the loops that fill them show: copies with padding. */
export type Borders = ReadonlyMap<number, readonly Border[]>;

export function bordersOf({ kernels }: Pick<Program, 'kernels'>): Borders {
  const found = new Map<number, Border[]>();
  const collect = (body: readonly Statement[], loops: readonly LoopAxis[]): void => {
    for (const statement of body) {
      if (statement.kind === 'loop') collect(statement.body, [...loops, statement]);
      if (statement.kind !== 'store' || statement.value.kind !== 'guard') continue;
      const { conditions, otherwise } = statement.value;
      if (otherwise.kind !== 'constant' || otherwise.value !== 0) continue;
      const borders = conditions.flatMap(({ index, lower, upper }): Border[] => {
        const loop = loops.find(({ axis }) => coefficientOf(index, axis) === 1);
        const stride = loop && coefficientOf(statement.index, loop.axis);
        if (loop === undefined || stride === undefined || index.terms.length > 1) return [];
        const { offset } = index;
        return [{ stride, extent: loop.extent, lower: lower - offset, upper: upper - offset }];
      });
      if (borders.length > 0) found.set(statement.buffer, borders);
    }
  };
  for (const { body } of kernels) collect(body, []);
  return found;
}

/** A summed axis of which only a stretch that moves with another counter meets anything but zeros. */
export interface Skip {
  readonly axis: LoopAxis;
  /** The counter it moves with. */
  readonly by: LoopAxis;
  /** The stretch, from `from` to `to` (without it), where the counter is 0; what it moves by when that goes up by one. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Which part of all products is left. */
  readonly part: number;
}

/** What a sum of products of a load may skip, where the load runs into borders; `loops` are the counters that are known. */
export function skipsOf(
  { buffer, index }: Load,
  { reduced, loops, borders }: { reduced: readonly LoopAxis[]; loops: readonly LoopAxis[]; borders: Borders },
): Skip[] {
  return (borders.get(buffer) ?? []).flatMap(({ stride, extent, lower, upper }) => {
    const along = alongDimension(index, stride, extent);
    if (along?.terms.size !== 2) return [];
    const axis = reduced.find((each) => along.terms.has(each.axis));
    const by = loops.find((each) => along.terms.has(each.axis));
    if (axis === undefined || by === undefined) return [];
    const [way, step] = [along.terms.get(axis.axis) ?? 0, along.terms.get(by.axis) ?? 0];
    if (Math.abs(way) !== 1) return [];
    const [low, high] = [lower - along.offset, upper - along.offset];
    const stretch = way === 1 ? { from: low, to: high, step: -step } : { from: 1 - high, to: 1 - low, step };
    let left = 0;
    for (let at = 0; at < by.extent; at++) {
      const [from, to] = [stretch.from, stretch.to].map((end) =>
        Math.min(Math.max(end + at * stretch.step, 0), axis.extent),
      );
      left += to - from;
    }
    return [{ axis, by, ...stretch, part: left / (axis.extent * by.extent) }];
  });
}

/** How far an index is along one dimension: an offset and what each counter adds; undefined where that is not plain. */
function alongDimension(
  index: IndexExpression,
  stride: number,
  extent: number,
): { offset: number; terms: Map<number, number> } | undefined {
  const { terms } = index;
  if (terms.some(({ atom }) => atom.kind !== 'axis')) return undefined;
  const [low, high] = rangeOf({
    offset: index.offset % stride,
    terms: terms.filter(({ coefficient }) => Math.abs(coefficient) < stride),
  });
  const along = terms.filter(
    ({ coefficient }) => Math.abs(coefficient) >= stride && coefficient % (stride * extent) !== 0,
  );
  const offset = Math.floor(index.offset / stride) % extent;
  const places = along.map((term) => ({ ...term, coefficient: term.coefficient / stride }));
  const [first, last] = rangeOf({ offset, terms: places });
  const isPlain = low >= 0 && high < stride && first >= 0 && last < extent;
  if (!isPlain || places.some(({ coefficient }) => !Number.isInteger(coefficient))) return undefined;
  return {
    offset,
    terms: new Map(
      places.flatMap(({ atom, coefficient }) => (atom.kind === 'axis' ? [[atom.axis, coefficient]] : [])),
    ),
  };
}
