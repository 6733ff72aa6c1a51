import { wasm } from '@downhill/backend-wasm';
import { setBackend } from '@downhill/tensor';

let starting: Promise<number> | undefined;

/** Makes WebAssembly the backend of this worker, on all cores where memory can be shared; resolves to the number of threads. */
export function startBackend(): Promise<number> {
  starting ??= wasm().then((backend) => {
    setBackend(backend);
    return backend.threads;
  });
  return starting;
}
