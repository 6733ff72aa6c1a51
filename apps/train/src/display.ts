import type { Progress } from './train.js';

/** Where lines go: `process.stdout`, or what stands for it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Pace {
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

/** Prints lines, and on a terminal one more below them that changes. */
export class Display {
  readonly #output: Output;
  #live = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints a line that stays. */
  line(text: string): void {
    this.clear();
    this.#output.write(`${text}\n`);
  }

  /** Shows a line in place of the live one before; nothing where output is not a terminal. */
  live(text: string): void {
    if (this.#output.isTTY !== true) return;
    // A line that wraps could not be taken back. A terminal that does not know its width says 0.
    const fitting = text.slice(0, Math.max(1, (this.#output.columns || 80) - 1));
    this.#output.write(`\r\u001B[K${fitting}`);
    this.#live = true;
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#live) this.#output.write('\r\u001B[K');
    this.#live = false;
  }
}

/** The test accuracy is shown where it is known: `epoch  3/10  loss 0.0712  accuracy 97.90 %  test 95.35 %  2310 steps/s  4 s left`. */
export function describeProgress(
  { epoch, loss, accuracy }: Pick<Progress, 'epoch' | 'loss' | 'accuracy'>,
  epochs: number,
  { stepsPerSecond, secondsLeft }: Pace,
  testAccuracy?: number,
): string {
  const parts = [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${loss.toFixed(4)}`,
    `accuracy ${percent(accuracy)}`,
    ...(testAccuracy === undefined ? [] : [`test ${percent(testAccuracy)}`]),
    `${Math.round(stepsPerSecond)} steps/s`,
    `${Math.ceil(secondsLeft)} s left`,
  ];
  return parts.join('  ');
}

/** A share as `97.90 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
