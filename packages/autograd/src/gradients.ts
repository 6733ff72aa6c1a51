import {
  add,
  DTypeError,
  formatShape,
  isFloating,
  isTensor,
  isVariable,
  ones,
  sameShape,
  ShapeError,
  zeros,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { derivatives, type Derivative } from './derivatives.js';
import { GradientError } from './errors.js';

export interface GradientOptions {
  /** What happens where the loss does not depend on a tensor: a GradientError (the default), or zeros. */
  readonly unused?: 'error' | 'zero';
  /** The gradient to begin with, of the loss's shape: with it the loss need not be a scalar. 1 by default. */
  readonly seed?: Tensor;
}

/**
 * The gradients of a scalar loss by each of `wrt`, in their shapes and dtypes: more graph, which can be computed,
 * compiled or differentiated again. A variable stands for the version of it that the loss was computed from.
 *
 * Throws a ShapeError if the loss is not a scalar, a DTypeError if the loss or one of `wrt` is not floating, and a
 * GradientError if the loss depends on none or on two versions of a variable, or not on a tensor of `wrt`.
 */
export function gradients(
  loss: Tensor,
  wrt: readonly (Tensor | Variable)[],
  { unused = 'error', seed }: GradientOptions = {},
): Tensor[] {
  checkLoss(loss, seed);
  wrt.forEach(checkTarget);
  const order = inputsFirst(loss);
  const targets = wrt.map((target) => (isVariable(target) ? versionOf(target, order) : target));
  const wanted = new Set(targets.filter((target) => target !== undefined));
  const totals = walkBack(order, wanted, seed ?? ones([], { dtype: loss.dtype }));
  return targets.map((target, i) => {
    const total = target && totals.get(target);
    if (total === undefined && unused === 'error') throw unusedError(wrt[i], i);
    return total ?? zeros(wrt[i].shape, { dtype: wrt[i].dtype });
  });
}

/** All nodes through which a gradient of the loss can flow, each after its inputs, without recursion. */
function inputsFirst(loss: Tensor): Tensor[] {
  const entered = new Set<Tensor>();
  const left = new Set<Tensor>();
  const stack = [loss];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (entered.has(node)) {
      stack.pop();
      left.add(node);
    } else {
      entered.add(node);
      for (const source of sourcesOf(node)) if (!entered.has(source)) stack.push(source);
    }
  }
  return [...left];
}

/** The inputs that gradients flow into. */
function sourcesOf({ operation, inputs }: Tensor): readonly Tensor[] {
  if (derivatives[operation.name] === undefined) return [];
  const sources = operation.name === 'customGradient' ? inputs.slice(1) : inputs;
  return sources.filter((source) => isFloating(source.dtype));
}

/** The gradients by all nodes between the loss, the last in `order`, and the nodes in `wanted`. */
function walkBack(order: readonly Tensor[], wanted: ReadonlySet<Tensor>, seed: Tensor): Map<Tensor, Tensor> {
  // Nodes that depend on a wanted one by at least one operation: the others need no work.
  const dependent = new Set<Tensor>();
  const leads = (node: Tensor): boolean => wanted.has(node) || dependent.has(node);
  for (const node of order) if (sourcesOf(node).some(leads)) dependent.add(node);

  const totals = new Map([[order[order.length - 1], seed]]);
  for (const node of [...dependent].reverse()) {
    const gradient = totals.get(node);
    const derivative = derivatives[node.operation.name] as Derivative | undefined;
    if (gradient === undefined || derivative === undefined) continue;
    derivative(node, gradient).forEach((contribution, i) => {
      const input = node.inputs[i];
      if (contribution === undefined || !leads(input)) return;
      const total = totals.get(input);
      totals.set(input, total === undefined ? contribution : add(total, contribution));
    });
  }
  return totals;
}

/** The version of a variable that the loss was computed from, if any. */
function versionOf(variable: Variable, order: readonly Tensor[]): Tensor | undefined {
  const versions = order.filter(
    ({ operation }) => operation.name === 'version' && operation.variable === variable,
  );
  if (versions.length > 1) {
    throw new GradientError(
      `gradients: the loss depends on ${versions.length} versions of variable '${variable.name}', from before and ` +
        'after an assignment; compute the loss from one of them, or pass the version (variable.value) you mean',
    );
  }
  return versions.at(0);
}

function checkLoss(loss: Tensor, seed: Tensor | undefined): void {
  if (!isTensor(loss)) throw new DTypeError(`gradients: the loss must be a tensor, got ${typeof loss}`);
  if (!isFloating(loss.dtype)) {
    throw new DTypeError(`gradients: the loss must be float32 or float64, got ${loss.dtype}`);
  }
  if (seed === undefined && loss.rank > 0) {
    throw new ShapeError(
      `gradients: the loss must be a scalar, got shape ${formatShape(loss.shape)}; ` +
        'use sum() or mean(), or pass a seed of its shape',
    );
  }
  if (seed !== undefined && (!sameShape(seed.shape, loss.shape) || seed.dtype !== loss.dtype)) {
    throw new ShapeError(
      `gradients: the seed must be like the loss, ${describe(loss)}, got ${describe(seed)}`,
    );
  }
}

function checkTarget(target: Tensor | Variable, place: number): void {
  if (!isTensor(target) && !isVariable(target)) {
    throw new DTypeError(`gradients: wrt[${place}] must be a tensor or a variable, got ${typeof target}`);
  }
  if (!isFloating(target.dtype)) {
    throw new DTypeError(
      `gradients: ${nameOf(target, place)} is ${describe(target)}; only float32 and float64 have gradients`,
    );
  }
}

function unusedError(target: Tensor | Variable, place: number): GradientError {
  return new GradientError(
    `gradients: the loss does not depend on ${nameOf(target, place)}, ${describe(target)}, ` +
      "or only through operations without a derivative; leave it out, or pass { unused: 'zero' }",
  );
}

function nameOf(target: Tensor | Variable, place: number): string {
  return isVariable(target) ? `variable '${target.name}'` : `wrt[${place}]`;
}

function describe({ dtype, shape }: Tensor | Variable): string {
  return `${dtype} of shape ${formatShape(shape)}`;
}
