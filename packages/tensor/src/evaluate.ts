import type { Backend, Storage } from './backend.js';
import { getBackend } from './backend.js';
import type { Captured } from './capture.js';
import { capture } from './capture.js';
import type { TypedArray } from './dtype.js';
import { DataError, TraceError } from './errors.js';
import { executableFor } from './executables.js';
import type { Program } from './lowering/program.js';
import { formatShape } from './shape.js';
import type { Tensor } from './tensor.js';
import { outsideTrace } from './trace.js';
import type { Variable } from './variable.js';

/** Variables assigned outside a compiled function whose value has not been computed yet, oldest first. */
const pending = new Set<Variable>();

export function isPending(variable: Variable): boolean {
  return pending.has(variable);
}

export function assignLater(variable: Variable): void {
  pending.add(variable);
}

/** Computes and stores all that is pending; if that cannot be done, all of it is taken back. */
export function runPending(): void {
  if (pending.size === 0) return;
  const assigned = [...pending];
  try {
    run([], assigned);
  } catch (error) {
    for (const variable of assigned) if (pending.delete(variable)) variable.revert();
    throw error;
  }
}

/** The elements of a tensor, computed if need be, together with all pending assignments, in one program. */
export function evaluate(tensor: Tensor): TypedArray {
  if (tensor.value) return tensor.value;
  if (tensor.trace) {
    tensor.checkUsable();
    throw new TraceError(
      `reading a tensor of shape ${formatShape(tensor.shape)} inside a compiled function: ` +
        'return it and read it outside, or use where(...) instead of an if',
    );
  }
  const { operation } = tensor;
  if (operation.name === 'version' && operation.variable.holds(tensor)) {
    return (tensor.value = operation.variable.readStorage());
  }
  try {
    return run([tensor], [...pending])[0];
  } catch (error) {
    // If nothing has run, what is pending is tried alone: it stays in force, unless the fault lies there.
    runPending();
    throw error;
  }
}

/** The elements of tensors, computed in one program that also stores what these variables are to hold. */
export function run(targets: readonly Tensor[], assigned: readonly Variable[]): readonly TypedArray[] {
  return outsideTrace(() => {
    const values = assigned.map((variable) => ({ variable, value: variable.pendingSource }));
    const captured = capture({ outputs: targets, assigned: values });
    const inputs = captured.inputs.map(evaluate);
    const scalars = captured.scalars.map((scalar) => {
      if (typeof scalar === 'number') return scalar;
      throw new TraceError('a host input was used outside its compiled function');
    });
    const outputs = execute(captured, getBackend(), inputs, scalars);
    targets.forEach((target, i) => {
      target.value = outputs[i];
    });
    return outputs;
  });
}

/** Runs a captured graph: checks, binds, executes, and takes note of what was stored. */
export function execute(
  captured: Captured,
  backend: Backend,
  inputs: readonly TypedArray[],
  scalars: readonly number[],
  tick?: (kernel: number) => void,
): readonly TypedArray[] {
  const { program, executable } = executableFor(captured, backend);
  checkIndices(program, inputs);
  const residents = bindResidents(captured, backend);
  const { outputs, failedCheck } = executable.run({ inputs, scalars, residents }, tick);
  for (const variable of captured.assigned) {
    if (pending.delete(variable)) variable.stored();
    else variable.overwritten();
  }
  if (failedCheck !== undefined) {
    const changed =
      captured.assigned.length > 0
        ? 'the variables this call assigns have changed, but for those the check holds back'
        : 'no variable has changed';
    throw new DataError(`${program.checks[failedCheck]}; ${changed}`);
  }
  return outputs;
}

/** Storage for all residents, filled where it is read; old versions are copied out of what will be overwritten. */
function bindResidents({ residents, assigned }: Captured, backend: Backend): Storage[] {
  for (const { variable } of residents) variable.checkAlive('use');
  // What is known is written; the rest is computed where it will lie, as if it were assigned.
  const computed = residents
    .filter(({ variable, read }) => read && !variable.isStored && !variable.storeInitial(backend))
    .map(({ variable }) => variable);
  for (const variable of computed) pending.add(variable);
  const sources = computed.map((variable) => variable.pendingSource);
  try {
    if (computed.length > 0) run([], computed);
  } catch (error) {
    computed.forEach((variable, i) => {
      pending.delete(variable);
      variable.takeBack(sources[i]);
    });
    throw error;
  }
  for (const variable of assigned) variable.preserveOldVersion();
  return residents.map(({ variable }) => variable.storageOn(backend));
}

/** Range-checks what will be used as an index, before anything runs. */
function checkIndices(program: Program, inputs: readonly TypedArray[]): void {
  program.inputs.forEach(({ indexExtent, shape }, slot) => {
    if (indexExtent === undefined) return;
    const wrong = inputs[slot].findIndex((value: number) => value < 0 || value >= indexExtent);
    if (wrong < 0) return;
    throw new DataError(
      `index ${inputs[slot][wrong]} at place ${wrong} of a tensor of shape ${formatShape(shape)} is outside 0 to ` +
        `${indexExtent - 1}; nothing has changed`,
    );
  });
}
