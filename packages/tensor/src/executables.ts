import type { Backend, Executable } from './backend.js';
import { BoundedCache } from './bounded-cache.js';
import type { Captured } from './capture.js';
import { lower } from './lowering/lower.js';
import type { Program } from './lowering/program.js';
import { remembering } from './remembering.js';

/** A program and the executable made of it. */
export interface Compiled {
  readonly program: Program;
  readonly executable: Executable;
}

const cacheOf = remembering<Backend, BoundedCache<Compiled>>(() => new BoundedCache());
let compilations = 0;

/** How many programs have been compiled so far: what tests count. */
export function countCompilations(): number {
  return compilations;
}

/** The executable for a graph, from the cache if one of equal structure was compiled before. */
export function executableFor({ key, graph }: Captured, backend: Backend): Compiled {
  const cache = cacheOf(backend);
  const known = cache.get(key);
  if (known) return known;
  const program = lower(graph);
  const compiled = { program, executable: backend.compile(program) };
  compilations++;
  cache.set(key, compiled);
  return compiled;
}
