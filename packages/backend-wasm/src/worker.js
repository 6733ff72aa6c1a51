/**
 * A worker of the backend: it waits for a run to begin, takes its part in it, and waits again. What it needs to know
 * arrives through the shared memory, because a thread that waits receives no messages. It is JavaScript, and imports
 * nothing that would have to be built, so that it also runs from the sources as it stands.
 */

/**
 * What a worker is told when it starts.
 *
 * @typedef {object} WorkerStart
 * @property {WebAssembly.Memory} memory
 * @property {number} control the address of the control words
 * @property {Readonly<Record<string, number>>} words where each of them stands
 * @property {number} thread its number, from 1 on: the thread that begins runs is 0
 * @property {number} kept how many programs it keeps
 *
 * @typedef {(table: number, thread: number) => void} Run
 */

/** Turns of looking for the next run before going to sleep: about a tenth of a millisecond. */
const LOOKS = 10_000;

/** @param {WorkerStart} start */
function work({ memory, control, words, thread, kept }) {
  const shared = new Int32Array(memory.buffer);
  const at = (/** @type {string} */ word) => control / 4 + words[word];
  // Addresses go up to 4 GiB.
  const read = (/** @type {string} */ word) => Atomics.load(shared, at(word)) >>> 0;
  /** @type {Map<number, Run>} */
  const programs = new Map();
  for (let runs = 0; ; runs++) {
    for (let look = 0; look < LOOKS && read('runs') === runs; look++);
    Atomics.add(shared, at('resting'), 1);
    while (read('runs') === runs) Atomics.wait(shared, at('runs'), runs);
    Atomics.sub(shared, at('resting'), 1);
    if (read('closed') !== 0) return;
    try {
      const program = read('program');
      const run = /** @type {Run} */ (
        read('module') === 0
          ? programs.get(program)
          : instantiate(bytesAt(memory, read('module'), read('moduleBytes')), memory)
      );
      // The program used longest ago goes first; the thread that begins runs keeps the same account.
      programs.delete(program);
      programs.set(program, run);
      const [oldest] = programs.keys();
      if (programs.size > kept) programs.delete(oldest);
      run(read('table'), thread);
    } catch (error) {
      Atomics.store(shared, at('failed'), 1);
      throw error;
    }
  }
}

/**
 * A copy of bytes in the memory: modules are not made from what others may change.
 *
 * @param {WebAssembly.Memory} memory
 * @param {number} address
 * @param {number} length
 */
function bytesAt(memory, address, length) {
  // Another thread may have let the memory grow, which is seen here only when asked for.
  if (address + length > memory.buffer.byteLength) memory.grow(0);
  return new Uint8Array(memory.buffer, address, length).slice();
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {WebAssembly.Memory} memory
 * @returns {Run}
 */
function instantiate(bytes, memory) {
  const module = new WebAssembly.Module(bytes);
  const host = { memory, tick: () => undefined };
  const math = /** @type {WebAssembly.ModuleImports} */ (/** @type {unknown} */ (Math));
  return /** @type {Run} */ (new WebAssembly.Instance(module, { math, host }).exports.run);
}

if (typeof process === 'object') {
  // Not written as a constant in the import: bundlers for pages would look for the module.
  const name = 'node:worker_threads';
  void import(/* @vite-ignore */ `${name}`).then(({ parentPort }) => {
    parentPort.once('message', (/** @type {WorkerStart} */ start) => {
      parentPort.postMessage('ready');
      work(start);
    });
  });
} else {
  addEventListener(
    'message',
    (/** @type {MessageEvent<WorkerStart>} */ { data }) => {
      postMessage('ready');
      work(data);
      close();
    },
    { once: true },
  );
}
