import { expose } from 'comlink';
import { layOut, type Item, type Layout } from './layout.js';
import { traceStep, type StepGraph, type StepOptions } from './step-graph.js';

const api = {
  trace: (options: StepOptions): StepGraph => traceStep(options),
  layOut: (items: readonly Item[]): Layout => layOut(items),
};

export type GraphWorker = typeof api;

expose(api);
