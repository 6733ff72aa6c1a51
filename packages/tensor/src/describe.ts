/** What came instead of what was expected, for a message: the kind of an object, the value of anything else. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return Object(value) === value ? Object.prototype.toString.call(value).slice(8, -1) : String(value);
}
