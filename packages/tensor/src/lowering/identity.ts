import type { DType } from '../dtype.js';
import { limitsOf } from '../dtype.js';
import type { Combine } from './program.js';

/** What a reduction starts from, and gives over nothing: combined with anything it changes nothing. */
export function identityOf(combine: Combine, dtype: DType): number {
  if (combine === 'sum') return 0;
  if (combine === 'prod') return 1;
  const [low, high] = limitsOf(dtype);
  return combine === 'max' || combine === 'argMax' ? low : high;
}
