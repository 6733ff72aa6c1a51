import type { CodeContext } from './code-context.js';
import * as math from './math.js';

export type VectorMathName = keyof typeof math;

/** Replaces the float32 vector on the stack (for pow: the two) by its image. */
export function vectorMath({ f, imports }: CodeContext, name: VectorMathName): void {
  math[name](f, imports);
}
