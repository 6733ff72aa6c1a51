import type { TypedArray } from '../dtype.js';

/** Puts into `order` the stable order of the elements from `start` on; NaN is greater than all numbers. */
export function argsort(values: TypedArray, start: number, descending: boolean, order: Int32Array): void {
  const sign = descending ? -1 : 1;
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Stable, by ECMAScript 2019.
  order.sort((i, j) => {
    const a = values[start + i];
    const b = values[start + j];
    if (a < b) return -sign;
    if (a > b) return sign;
    return sign * (Number(Number.isNaN(a)) - Number(Number.isNaN(b)));
  });
}
