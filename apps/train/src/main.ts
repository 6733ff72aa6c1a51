import { defineCommand, runMain } from 'citty';
import { run } from './run.js';
import { options, readSettings, UsageError } from './settings.js';

const command = defineCommand({
  meta: {
    name: 'npm run train --',
    description: 'Trains a small network on real handwritten digits.',
  },
  args: options,
  async run({ rawArgs }) {
    const stop = new AbortController();
    // Once: a second Ctrl-C ends the process as it always does.
    process.once('SIGINT', () => {
      stop.abort();
    });
    try {
      await run(readSettings(rawArgs), process.stdout, stop.signal);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(error.message);
      process.exitCode = 2;
    }
    if (stop.signal.aborted) process.exitCode = 130;
  },
});

await runMain(command);
