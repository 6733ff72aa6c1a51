import { expose } from 'comlink';
import { startBackend } from '../../training/backend.js';
import { loadDigits } from '../../training/digits.js';
import type { RunsWorker } from '../../training/runs.js';
import { trainTogether } from '../../training/together.js';
import { Trainer } from '../../training/trainer.js';

let running = new AbortController();

const api: RunsWorker = {
  async train(folder, runs, report) {
    running.abort();
    const { signal } = (running = new AbortController());
    await startBackend(1);
    const digits = await loadDigits(folder);
    const trainers = runs.map((options) => new Trainer(options, digits.training));
    await trainTogether(trainers, digits, report, signal);
  },
  stop() {
    running.abort();
  },
};

expose(api);
