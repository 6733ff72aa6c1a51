import type { Program } from '@downhill/tensor';
import { accessesIn, bytesPerElement } from '@downhill/tensor';

/** Every stretch begins at a multiple of this: a cache line, so that no two threads share one. */
export const ALIGNMENT = 64;

/** Bytes of the arena, from the first to before the last. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is free in a program's arena while one of its kernels runs: there lies what it needs besides, its scratch memory too. */
export class Gaps {
  /** For each kernel, what is in use while it runs. */
  readonly #used: readonly Stretch[][];
  /** For each buffer, the kernels that load or store it, in order. */
  readonly users: number[][];
  /** The size of the arena with what had to be put behind it. */
  bytes: number;

  constructor({ buffers, kernels, arenaBytes }: Program) {
    this.bytes = arenaBytes;
    this.#used = kernels.map(() => []);
    this.users = buffers.map(() => []);
    kernels.forEach(({ body }, kernel) => {
      for (const buffer of new Set(accessesIn(body).map((each) => each.buffer)))
        this.users[buffer].push(kernel);
    });
    buffers.forEach(({ role, dtype, offset, length }, buffer) => {
      const users = this.users[buffer];
      if (role === 'resident' || role === 'scratch' || users.length === 0) return;
      // What the host writes is there before the first kernel, what it reads until after the last.
      const first = role === 'intermediate' || role === 'output' ? users[0] : 0;
      const last = role === 'output' || role === 'flags' ? kernels.length - 1 : users[users.length - 1];
      const stretch = { from: offset, to: offset + length * bytesPerElement(dtype) };
      for (let kernel = first; kernel <= last; kernel++) this.#used[kernel].push(stretch);
    });
  }

  /** The offset in the arena of so many bytes that are free while a kernel runs, and are not from then on: the lowest. */
  place(kernel: number, bytes: number): number {
    const used = this.#used[kernel];
    let offset = 0;
    for (const { from, to } of used.sort((a, b) => a.from - b.from)) {
      if (offset + bytes <= from) break;
      offset = Math.max(offset, aligned(to));
    }
    this.bytes = Math.max(this.bytes, offset + bytes);
    used.push({ from: offset, to: offset + bytes });
    return offset;
  }
}

/** The next multiple of the alignment. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
