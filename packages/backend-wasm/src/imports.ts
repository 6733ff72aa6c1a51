import { erfOfNumber, powerOfNumbers } from '@downhill/tensor';

/**
 * What JavaScript computes for WebAssembly, in float64: the transcendental functions of float64 kernels, where they
 * are rare, and the slow paths of float32 ones.
 */
export const IMPORTS = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x: number): number => 1 / (1 + Math.exp(-x)),
  softplus: (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf: erfOfNumber,
  pow: powerOfNumbers,
} as const;

export type ImportName = keyof typeof IMPORTS;

/** The function indices of the imports in a module. */
export type ImportIndices = Readonly<Record<ImportName, number>>;
