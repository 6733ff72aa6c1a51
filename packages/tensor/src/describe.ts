/** What came instead of what was expected, for a message: the kind of an object, the value of anything else. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return Object(value) === value ? Object.prototype.toString.call(value).slice(8, -1) : exactly(value);
}

/** A value as text that tells it from others: -0 keeps its sign. */
export function exactly(value: unknown): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
