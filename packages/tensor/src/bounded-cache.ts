/** How many traces of one function are kept, and how many programs for each backend. */
const CAPACITY = 256;

/** A map that holds so many entries: the one used longest ago goes first. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>();

  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > CAPACITY) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
  }
}
