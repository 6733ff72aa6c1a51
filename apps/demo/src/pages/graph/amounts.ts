/** `1.2 MB`, `40 M`: a count with a prefix of thousands. */
export function amount(value: number, unit = ''): string {
  const step = value === 0 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** Math.max(0, step);
  const text = step === 0 ? String(value) : scaled.toPrecision(3);
  return `${text} ${['', 'k', 'M', 'G', 'T'][Math.max(0, step)]}${unit}`.trim();
}

/** `8 × 28 × 28`, or `scalar`. */
export function extents(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join(' × ');
}
