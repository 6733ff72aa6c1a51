import { decodeSafetensors, safetensorsBlob } from '@downhill/formats';
import type { Dataset } from '@downhill/data';
import { FormatError, type Tensor, type Variable } from '@downhill/tensor';
import { initializers } from '../network/layers.js';
import { rules } from '../network/rules.js';
import { schedules } from '../network/schedules.js';
import { Trainer, type TrainingOptions } from './trainer.js';

/** What these files are called in their own metadata. */
const KIND = 'downhill-demo-training';
const OPTIMIZER = 'optimizer.';
const DRAWS = 'draws';

export interface SaveOptions {
  /** Whether the file also holds what the optimizer keeps, so that training goes on exactly; true by default. */
  readonly optimizer?: boolean;
}

/**
 * A training as a safetensors file: the network's state under its own names, its options as metadata, and, where wanted,
 * the optimizer's state under names that begin with `optimizer.`.
 */
export function saveCheckpoint(trainer: Trainer, { optimizer = true }: SaveOptions = {}): Promise<Blob> {
  const { steps, optimizer: state, draws } = trainer.state();
  const tensors: Record<string, Variable> = trainer.network.model.state();
  // Before the first step an optimizer has no state, and what begins needs none.
  const exact = optimizer && steps > 0;
  if (exact) {
    for (const [name, value] of Object.entries(state.variables)) tensors[OPTIMIZER + name] = value;
    tensors[DRAWS] = draws;
  }
  return safetensorsBlob(tensors, {
    metadata: {
      kind: KIND,
      training: JSON.stringify(trainer.options),
      ...(exact ? { steps: String(steps), rule: state.rule, calls: String(state.calls) } : {}),
    },
  });
}

/**
 * The training that {@link saveCheckpoint} saved, to go on with `data`: exactly where it stood if the file holds the optimizer's
 * state, else from step 0 with the file's weights.
 *
 * @throws FormatError for bytes that are no such file, and DownhillError for tensors that are not those of its network.
 */
export function loadCheckpoint(bytes: Uint8Array, source: string, data: Dataset): Trainer {
  const { tensors, metadata } = decodeSafetensors(bytes, { source });
  if (metadata.kind !== KIND) {
    throw new FormatError(
      `${source}: expected a file that this page saved; its metadata does not say kind ${KIND}`,
    );
  }
  const trainer = new Trainer(readOptions(metadata.training, source), data);
  const model: Record<string, Tensor> = {};
  const optimizer: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(tensors)) {
    if (name === DRAWS) continue;
    if (name.startsWith(OPTIMIZER)) optimizer[name.slice(OPTIMIZER.length)] = value;
    else model[name] = value;
  }
  trainer.network.model.load(model);
  if (metadata.steps !== undefined) {
    if (!Object.hasOwn(tensors, DRAWS)) throw new FormatError(`${source}: the tensor "${DRAWS}" is missing`);
    trainer.resume({
      steps: readCount(metadata.steps, 'steps', source),
      optimizer: {
        rule: metadata.rule,
        calls: readCount(metadata.calls, 'calls', source),
        variables: optimizer,
      },
      draws: tensors[DRAWS],
    });
  }
  return trainer;
}

function readCount(text: string, name: string, source: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new FormatError(`${source}: metadata ${name}: expected a whole number, got "${text}"`);
}

/** What each option must be. */
const CHECKS: { readonly [Name in keyof Required<TrainingOptions>]: (value: unknown) => boolean } = {
  layers: (value) => typeof value === 'string',
  initializer: isOneOf(initializers),
  seed: isNumber,
  rule: isOneOf(rules),
  options: (value) =>
    value === undefined ||
    (typeof value === 'object' && value !== null && Object.values(value).every(isNumber)),
  learningRate: isNumber,
  schedule: isOneOf(schedules),
  steps: isNumber,
  batchSize: isNumber,
};

function readOptions(text: string | undefined, source: string): TrainingOptions {
  const options: unknown = parseJson(text ?? '', source);
  const given = (typeof options === 'object' && options !== null ? options : {}) as Record<string, unknown>;
  for (const [name, check] of Object.entries(CHECKS)) {
    if (!check(given[name])) {
      throw new FormatError(
        `${source}: metadata training: ${name} cannot be ${JSON.stringify(given[name]) ?? 'left out'}`,
      );
    }
  }
  return given as unknown as TrainingOptions;
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${source}: metadata training: not JSON`, { cause });
  }
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function isOneOf(choices: Readonly<Record<string, unknown>>): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && Object.hasOwn(choices, value);
}
