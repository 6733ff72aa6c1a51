import { BackendError } from '@downhill/tensor';
import { ALIGNMENT, aligned } from './gaps.js';

const PAGE = 65536;
/** WebAssembly's addresses are 32 bits. */
export const MOST_PAGES = 65536;
/** Less than this is not worth starting with: 64 MiB. */
const LEAST_PAGES = 1024;
/** Vector loads at the end of a buffer may read this far beyond it. */
const MARGIN = 64;

interface Block {
  readonly offset: number;
  readonly bytes: number;
}

/** The memory of a backend: blocks that are allocated and freed, first fit, neighbours joined. */
export class Memory {
  readonly memory: WebAssembly.Memory;
  /** The most pages it may grow to. */
  readonly maximum: number;
  /** Free blocks by offset. */
  #free: Block[] = [];
  #end = ALIGNMENT;
  /** From here on nothing has ever been allocated: the engine's zeros are still there. */
  #untouched = ALIGNMENT;

  /** A shared memory takes room for all it may become: the engine may refuse so much, and is asked for half. */
  constructor(shared: boolean) {
    let maximum = MOST_PAGES;
    for (;;) {
      try {
        this.memory = new WebAssembly.Memory({ initial: 1, maximum, shared });
        break;
      } catch (error) {
        if (maximum <= LEAST_PAGES) throw error;
        maximum /= 2;
      }
    }
    this.maximum = maximum;
  }

  /** The offset of `bytes` zeroed bytes. Throws a BackendError, with nothing changed, where 4 GiB do not suffice. */
  allocate(bytes: number): number {
    const wanted = aligned(Math.max(1, bytes));
    const place = this.#free.findIndex((block) => block.bytes >= wanted);
    if (place >= 0) {
      const { offset, bytes: found } = this.#free[place];
      const rest = found > wanted ? [{ offset: offset + wanted, bytes: found - wanted }] : [];
      this.#free.splice(place, 1, ...rest);
      new Uint8Array(this.memory.buffer, offset, wanted).fill(0);
      return offset;
    }
    const offset = this.#end;
    this.#grow(offset + wanted + MARGIN);
    this.#end = offset + wanted;
    const touched = Math.min(this.#untouched, this.#end) - offset;
    if (touched > 0) new Uint8Array(this.memory.buffer, offset, touched).fill(0);
    this.#untouched = Math.max(this.#untouched, this.#end);
    return offset;
  }

  #grow(end: number): void {
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    checkFits(end, this.maximum);
    try {
      this.memory.grow(missing);
    } catch {
      refuse(end, 'the engine granted no more');
    }
  }

  free(offset: number, bytes: number): void {
    const size = aligned(Math.max(1, bytes));
    const blocks = [...this.#free, { offset, bytes: size }].sort((a, b) => a.offset - b.offset);
    this.#free = [];
    for (const block of blocks) {
      const last = this.#free.at(-1);
      if (last !== undefined && last.offset + last.bytes === block.offset) {
        this.#free[this.#free.length - 1] = { offset: last.offset, bytes: last.bytes + block.bytes };
      } else {
        this.#free.push(block);
      }
    }
    const last = this.#free.at(-1);
    if (last === undefined || last.offset + last.bytes < this.#end) return;
    this.#free.pop();
    this.#end = last.offset;
  }
}

/** Throws a BackendError where so many bytes are more than a memory of so many pages can have. */
export function checkFits(bytes: number, pages: number): void {
  if (bytes > pages * PAGE) refuse(bytes, `there can be ${(pages * PAGE) / 1024 ** 3} GiB at most`);
}

function refuse(bytes: number, why: string): never {
  throw new BackendError(
    `wasm: ${bytes} bytes of memory are needed, but ${why}; use smaller batches or models, or dispose() of old ones`,
  );
}
