import type { FunctionBuilder } from '../assembler.js';

/** A loop that moves two pointers on by so many bytes each time. */
export interface Level {
  readonly extent: number;
  readonly leftStep: number;
  readonly rightStep: number;
}

/** Makes one loop of two wherever both pointers run through both in one stride. */
export function mergeLevels(levels: readonly Level[]): Level[] {
  const merged: Level[] = [];
  for (const level of levels) {
    const above = merged.at(-1);
    const joins =
      above !== undefined &&
      above.leftStep === level.extent * level.leftStep &&
      above.rightStep === level.extent * level.rightStep;
    if (joins) merged[merged.length - 1] = { ...level, extent: above.extent * level.extent };
    else merged.push(level);
  }
  return merged;
}

/** Two pointers that move through memory together. */
interface Pointers {
  readonly left: number;
  readonly right: number;
  /** Local: how often the outermost level runs. */
  readonly count: number;
}

/**
 * Runs what `body` writes at each point of the levels (outermost first), with both pointers moved there: for so many
 * neighbouring points at a time along the innermost loop as long as there are so many, then for one. Where that is more than
 * one, the loop's right step must be positive.
 */
export function writeLevels(
  f: FunctionBuilder,
  levels: readonly Level[],
  { left, right, count }: Pointers,
  most: number,
  body: (points: number) => void,
): void {
  const write = (depth: number): void => {
    const { extent, leftStep, rightStep } = levels[depth];
    const isLast = depth === levels.length - 1;
    const below = isLast ? { extent: 0, leftStep: 0, rightStep: 0 } : levels[depth + 1];
    const advance = (times: number): void => {
      for (const [pointer, step, done] of [
        [left, leftStep, below.leftStep],
        [right, rightStep, below.rightStep],
      ]) {
        const by = times * step - below.extent * done;
        if (by !== 0) f.get(pointer).plus(by).set(pointer);
      }
    };
    const once = (): void => {
      if (isLast) body(1);
      else write(depth + 1);
      advance(1);
    };
    if (depth > 0 && extent === 1) {
      once();
      return;
    }
    // A pointer that moves tells when to stop: no counter is needed.
    const [pointer, step] = rightStep !== 0 ? [right, rightStep] : [left, leftStep];
    const end = f.local('i32');
    f.get(pointer);
    if (depth === 0) f.get(count).times(step);
    else f.i32Const(extent * step);
    f.op('i32.add').set(end);
    if (isLast && most > 1) {
      f.whileLoop(
        () =>
          f
            .get(pointer)
            .plus((most - 1) * step)
            .get(end)
            .op('i32.lt_u'),
        () => {
          body(most);
          advance(most);
        },
      );
    }
    f.whileLoop(() => f.get(pointer).get(end).op('i32.ne'), once);
    f.release(end);
  };
  write(0);
}

/** How far two pointers are from where the loops around begin. */
export interface Point {
  readonly left: number;
  readonly right: number;
}

/**
 * The innermost levels written out point by point, as long as there are at most so many points; the outermost level stays a
 * loop. What is left runs as loops.
 */
export function writtenOut(
  levels: readonly Level[],
  most: number,
): { readonly looped: readonly Level[]; readonly points: readonly Point[] } {
  let from = levels.length;
  let points: Point[] = [{ left: 0, right: 0 }];
  while (from > 1 && points.length * levels[from - 1].extent <= most) {
    const { extent, leftStep, rightStep } = levels[--from];
    points = Array.from({ length: extent }, (_, i) =>
      points.map(({ left, right }) => ({ left: left + i * leftStep, right: right + i * rightStep })),
    ).flat();
  }
  return { looped: levels.slice(0, from), points };
}
