import type { Backend, Executable } from './backend.js';
import { BoundedCache } from './bounded-cache.js';
import type { Captured } from './capture.js';
import { lower } from './lowering/lower.js';
import type { Program } from './lowering/program.js';

/** A program and the executable made of it. */
export interface Compiled {
  readonly program: Program;
  readonly executable: Executable;
}

/** How many programs are kept for each backend. */
const CAPACITY = 256;

const caches = new WeakMap<Backend, BoundedCache<Compiled>>();
let compilations = 0;

/** How many programs have been compiled so far: what tests count. */
export function countCompilations(): number {
  return compilations;
}

/** The executable for a graph, from the cache if one of equal structure was compiled before. */
export function executableFor({ key, graph }: Captured, backend: Backend): Compiled {
  const cache = caches.get(backend) ?? new BoundedCache<Compiled>(CAPACITY);
  caches.set(backend, cache);
  const known = cache.get(key);
  if (known) return known;
  const program = lower(graph);
  const compiled = { program, executable: backend.compile(program) };
  compilations++;
  cache.set(key, compiled);
  return compiled;
}
