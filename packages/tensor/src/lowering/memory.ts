/** Offsets in the arena are multiples of this: a cache line, so that no two threads share one. */
export const ALIGNMENT = 64;

/** How long a stretch of memory is needed: from its first to its last kernel, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Gives each lifetime an offset such that no two that overlap in time overlap in space: largest first, of equal ones the
 * earliest, each into the lowest gap it fits.
 */
export function planMemory(lifetimes: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = [];
  const order = lifetimes
    .map((_, i) => i)
    .filter((i) => lifetimes[i].bytes > 0)
    .sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || lifetimes[a].first - lifetimes[b].first);
  let total = 0;
  for (const i of order) {
    const { bytes, first, last } = lifetimes[i];
    const beside = placed
      .filter((other) => lifetimes[other].first <= last && lifetimes[other].last >= first)
      .sort((a, b) => offsets[a] - offsets[b]);
    let offset = 0;
    for (const other of beside) {
      if (offset + bytes <= offsets[other]) break;
      offset = Math.max(offset, align(offsets[other] + lifetimes[other].bytes));
    }
    offsets[i] = offset;
    placed.push(i);
    total = Math.max(total, offset + bytes);
  }
  return { offsets, bytes: align(total) };
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
