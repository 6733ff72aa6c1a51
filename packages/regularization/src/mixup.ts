import {
  add,
  cast,
  DTypeError,
  formatShape,
  isFloating,
  mul,
  random,
  ShapeError,
  sub,
  take,
  type Generator,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { symmetricBeta } from './symmetric-beta.js';

export interface MixOptions {
  /** Of the distribution Beta(alpha, alpha) that shares come from. */
  readonly alpha?: number;
  /** What shares and partners are drawn from; the default generator unless given. */
  readonly generator?: Generator;
}

/** A batch of mixed examples, with soft labels for `crossEntropy`. */
export interface MixedBatch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  /** The part that is an example's own; the rest is its partner's. */
  readonly share: Tensor;
}

/**
 * Each example blended with another of its batch, and its label likewise: λ x + (1 − λ) x'. Zhang et al. (2018), equation
 * 1, with one λ a batch.
 *
 * @param inputs [N, ...], float32 or float64
 * @param targets soft labels or numbers to predict, [N, ...], such as `oneHot(labels, classes)`
 */
export function mixup(
  inputs: Tensor | Variable,
  targets: Tensor | Variable,
  { alpha = 0.2, generator }: MixOptions = {},
): MixedBatch {
  checkBatch('mixup', inputs, targets);
  const share = symmetricBeta('mixup', alpha, generator);
  const partners = random.permutation(inputs.shape[0], { generator });
  return {
    inputs: blend(inputs, take(inputs, partners), share),
    targets: blend(targets, take(targets, partners), share),
    share,
  };
}

/** share · a + (1 − share) · b. */
export function blend(a: Tensor | Variable, b: Tensor, share: Tensor): Tensor {
  return add(mul(a, cast(share, b.dtype)), mul(b, cast(sub(1, share), b.dtype)));
}

/** Throws unless inputs and targets are floating and as many. */
export function checkBatch(name: string, inputs: Tensor | Variable, targets: Tensor | Variable): void {
  if (inputs.rank === 0 || targets.rank === 0 || inputs.shape[0] !== targets.shape[0]) {
    throw new ShapeError(
      `${name}: expected inputs [N, ...] and targets [N, ...], got ${formatShape(inputs.shape)} and ` +
        formatShape(targets.shape),
    );
  }
  const wrong = [inputs, targets].find(({ dtype }) => !isFloating(dtype));
  if (wrong !== undefined) {
    throw new DTypeError(
      `${name}: expected inputs and targets of float32 or float64, got ${wrong.dtype}; ` +
        'make soft labels of class numbers with oneHot(labels, classes)',
    );
  }
}
