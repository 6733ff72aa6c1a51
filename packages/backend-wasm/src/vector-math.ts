import type { CodeContext } from './code-context.js';
import type { ImportName } from './imports.js';
import * as math from './math.js';

/** Replaces the float32 vector on the stack (for pow: the two) by its image. */
export function vectorMath({ f, imports }: CodeContext, name: ImportName): void {
  math[name](f, imports);
}
