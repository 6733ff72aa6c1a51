import { decodeSafetensors, encodeSafetensors } from '@downhill/formats';
import type { Module } from '@downhill/layers';
import type { Optimizer } from '@downhill/optimizers';
import type { Generator } from '@downhill/tensor';
import type { Score } from './learn.js';

/** All that decides how a training goes on. */
export interface TrainingState {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** What masks are drawn from. */
  readonly generators: readonly Generator[];
}

/** The state after some epochs, and how those went, as bytes. */
export async function putDown(
  { model, optimizer, generators }: TrainingState,
  scores: readonly Score[],
): Promise<Uint8Array> {
  const { rule, calls, variables } = optimizer.state();
  const tensors = {
    ...renamed(model.state(), (name) => `model.${name}`),
    ...renamed(variables, (name) => `optimizer.${name}`),
    ...Object.fromEntries(generators.map(({ counter }, i) => [`draws.${i}`, counter])),
  };
  return encodeSafetensors(tensors, {
    metadata: { rule, calls: String(calls), scores: JSON.stringify(scores) },
  });
}

/** Brings a training to where it was put down. Returns how its epochs went. */
export function takeUp(bytes: Uint8Array, { model, optimizer, generators }: TrainingState): Score[] {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const within = (prefix: string): typeof tensors =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, value]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
      ),
    );
  model.load(within('model.'));
  const { rule, calls, scores } = metadata;
  optimizer.load({ rule, calls: Number(calls), variables: within('optimizer.') }, model.parameters());
  generators.forEach(({ counter }, i) => {
    counter.assign(tensors[`draws.${i}`]);
  });
  return JSON.parse(scores) as Score[];
}

function renamed<Value>(
  values: Readonly<Record<string, Value>>,
  rename: (name: string) => string,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [rename(name), value]));
}
