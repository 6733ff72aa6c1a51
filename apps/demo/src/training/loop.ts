/** Milliseconds of work between two looks at messages. */
const SLICE = 60;

/**
 * Calls `step` again and again until it returns false or `signal` is aborted, and `report` about every 60 ms and at the end. In
 * between messages get their turn, so that a worker hears when it is told to stop.
 */
export async function loop(
  step: () => boolean,
  report: () => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let goesOn = true;
  while (goesOn && !signal.aborted) {
    const end = performance.now() + SLICE;
    while (goesOn && performance.now() < end) goesOn = step();
    await report();
    await turn();
  }
}

/** Resolves after the messages that have already come. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
