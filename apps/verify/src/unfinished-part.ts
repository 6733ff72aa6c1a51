import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from './experiment.js';
import { writeWhole } from './kept-parts.js';

/**
 * What the part of an experiment that is running has put down, in a file: what lets a part that takes long go on where it
 * stood. What another part put down, or the same under other settings, is not taken up.
 */
export class UnfinishedPart {
  /** What was put down, if anything was. */
  readonly bytes: Uint8Array | undefined;
  /** How long it had taken by then. */
  readonly seconds: number;
  readonly #file: string;
  readonly #key: string;

  constructor(directory: string, { name, settings }: Experiment, part: string) {
    this.#file = join(directory, `${name}.unfinished`);
    this.#key = JSON.stringify({ part, settings });
    const found = this.#read();
    this.bytes = found?.bytes;
    this.seconds = found?.seconds ?? 0;
  }

  /** The file has two lines before the bytes: whose they are, and the seconds. */
  #read(): { bytes: Uint8Array; seconds: number } | undefined {
    try {
      const content = readFileSync(this.#file);
      const first = content.indexOf('\n');
      const second = content.indexOf('\n', first + 1);
      if (content.toString('utf8', 0, first) !== this.#key) return undefined;
      return {
        bytes: new Uint8Array(content.subarray(second + 1)),
        seconds: Number(content.toString('utf8', first + 1, second)),
      };
    } catch {
      // No file.
      return undefined;
    }
  }

  put(bytes: Uint8Array, seconds: number): void {
    writeWhole(this.#file, Buffer.concat([Buffer.from(`${this.#key}\n${seconds}\n`), bytes]));
  }

  /** Forgets it. */
  clear(): void {
    rmSync(this.#file, { force: true });
  }
}
