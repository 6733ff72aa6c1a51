import type { LetStatement, LoopAxis, Statement } from '@downhill/tensor';

/** Parallel loops, one inside the other, beside which nothing stands but what each thread can compute for itself. */
export interface Nest {
  readonly loops: readonly LoopAxis[];
  /** What stands beside them. */
  readonly lets: readonly LetStatement[];
  /** The body of the innermost. */
  readonly body: readonly Statement[];
}

/** Loops around statements, outermost first; those that run but once are left out. */
export function nested(
  loops: readonly LoopAxis[],
  body: readonly Statement[],
  parallel = true,
): readonly Statement[] {
  return loops
    .filter(({ extent }) => extent > 1)
    .reduceRight<readonly Statement[]>(
      (inside, loop) => [{ ...loop, kind: 'loop', parallel, body: inside }],
      body,
    );
}

/** The loops that statements end with. */
export function nestOf(statements: readonly Statement[]): Nest {
  const loops: LoopAxis[] = [];
  const lets: LetStatement[] = [];
  for (let body = statements; ;) {
    const last = body.at(-1);
    const before = body.slice(0, -1);
    if (last?.kind !== 'loop' || !last.parallel || !before.every((each) => each.kind === 'let'))
      return { loops, lets, body };
    const { axis, extent } = last;
    loops.push({ axis, extent });
    lets.push(...before);
    body = last.body;
  }
}

/** The largest divisor of an extent that is at most `most`, at least 1. */
export function divisorOf(extent: number, most: number): number {
  let divisor = extent;
  while (divisor > 1 && (divisor > most || extent % divisor > 0)) divisor--;
  return divisor;
}
