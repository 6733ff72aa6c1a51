import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';

let starting: Promise<number> | undefined;

/**
 * Makes WebAssembly the backend of this worker, on all cores where memory can be shared unless `threads` says fewer (steps of well
 * under a millisecond gain nothing from more than one); resolves to the number of threads.
 */
export function startBackend(threads?: number): Promise<number> {
  starting ??= wasm({ threads }).then((backend) => {
    setBackend(backend);
    return backend.threads;
  });
  return starting;
}
