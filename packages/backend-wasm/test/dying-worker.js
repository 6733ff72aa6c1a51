/** A worker that says it is ready, and is gone. */
import { parentPort } from 'node:worker_threads';

parentPort?.once('message', () => {
  parentPort?.postMessage('ready');
  setTimeout(() => process.exit(3), 20);
});
