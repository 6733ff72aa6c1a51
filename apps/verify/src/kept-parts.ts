import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Experiment, Plain } from './experiment.js';

/** A part that was finished, and the seconds it took. */
export interface KeptPart {
  readonly outcome: Plain;
  readonly seconds: number;
}

/**
 * The finished parts of an experiment that is not finished yet, in a file: what lets a run that was stopped go on where it
 * stood. Parts that were run under other settings are not taken up.
 */
export class KeptParts {
  readonly #file: string;
  readonly #settings: string;
  readonly #parts: Map<string, KeptPart>;

  constructor(directory: string, { name, settings }: Experiment) {
    this.#file = join(directory, `${name}.json`);
    this.#settings = JSON.stringify(settings);
    this.#parts = new Map(Object.entries(this.#read()));
  }

  #read(): Record<string, KeptPart> {
    try {
      const kept = JSON.parse(readFileSync(this.#file, 'utf8')) as {
        settings: string;
        parts: Record<string, KeptPart>;
      };
      return kept.settings === this.#settings ? kept.parts : {};
    } catch {
      // No file, or not one of ours: then nothing was kept.
      return {};
    }
  }

  get(part: string): KeptPart | undefined {
    return this.#parts.get(part);
  }

  /** The parts there are, by name. */
  all(): ReadonlyMap<string, KeptPart> {
    return this.#parts;
  }

  keep(part: string, kept: KeptPart): void {
    this.#parts.set(part, kept);
    writeWhole(
      this.#file,
      JSON.stringify({ settings: this.#settings, parts: Object.fromEntries(this.#parts) }),
    );
  }

  /** Forgets them all. */
  clear(): void {
    this.#parts.clear();
    rmSync(this.#file, { force: true });
  }
}

/** Writes a file so that it appears whole or not at all. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}
