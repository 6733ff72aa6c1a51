/** Where lines go: `process.stdout`, or what stands for it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Takes the live line off a terminal. */
const ERASE = '\r\u001B[K';

/** Milliseconds after which it is told even where output is no terminal that something is going on. */
const SILENCE = 60_000;

/** Lines that stay, and on a terminal one below them that changes. */
export class Display {
  readonly #output: Output;
  #written = performance.now();

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints a line that stays. */
  line(text: string): void {
    this.#output.write(`${this.#isTerminal ? ERASE : ''}${text}\n`);
    this.#written = performance.now();
  }

  /** Shows a line in place of the live one before; where output is no terminal, prints it if a minute has passed without one. */
  live(text: string): void {
    if (!this.#isTerminal) {
      if (performance.now() - this.#written >= SILENCE) this.line(text);
      return;
    }
    // A line that wraps could not be taken back. A terminal that does not know its width says 0.
    this.#output.write(ERASE + text.slice(0, Math.max(1, (this.#output.columns || 80) - 1)));
  }

  get #isTerminal(): boolean {
    return this.#output.isTTY === true;
  }
}
