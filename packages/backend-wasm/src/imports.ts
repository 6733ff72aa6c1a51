/**
 * The functions of JavaScript's `Math` that programs import: the transcendental functions of float64 kernels, where they are
 * rare, and the slow paths of float32 ones.
 */
export const IMPORTS = ['exp', 'expm1', 'log', 'log1p', 'sin', 'cos', 'tanh', 'pow'] as const;

export type ImportName = (typeof IMPORTS)[number];

/** The function indices of the imports in a module. */
export type ImportIndices = Readonly<Record<ImportName, number>>;
