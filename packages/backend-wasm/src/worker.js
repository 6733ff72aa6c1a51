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
  const read = (/** @type {string} */ word) => Atomics.load(shared, at(word));
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
      const run =
        read('module') === 0
          ? programs.get(program)
          : instantiate(new Uint8Array(memory.buffer, read('module'), read('moduleBytes')), memory);
      if (run === undefined) throw new RangeError(`program ${program} is not known`);
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
 * @param {Uint8Array} bytes
 * @param {WebAssembly.Memory} memory
 * @returns {Run}
 */
function instantiate(bytes, memory) {
  // A copy of its own: modules are not made from memory that others may change.
  const module = new WebAssembly.Module(bytes.slice());
  const host = { memory, tick: () => undefined };
  const math = /** @type {WebAssembly.ModuleImports} */ (/** @type {unknown} */ (Math));
  return /** @type {Run} */ (new WebAssembly.Instance(module, { math, host }).exports.run);
}

if (typeof process === 'object') {
  const { parentPort } = await import('node:worker_threads');
  parentPort?.once('message', (/** @type {WorkerStart} */ start) => {
    parentPort.postMessage('ready');
    work(start);
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
