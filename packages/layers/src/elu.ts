import {
  DownhillError,
  expm1,
  greater,
  minimum,
  mul,
  where,
  type Tensor,
  type TensorLike,
  type Variable,
} from '@downhill/tensor';
import { Module } from './module.js';

export interface ELUOptions {
  /** What −Infinity is brought to, up to its sign; 1 by default. */
  readonly alpha?: number;
}

/** x above 0, α (eˣ − 1) elsewhere; at 0 the derivative is α. Clevert, Unterthiner & Hochreiter (2016), equation 15. */
export function elu(x: TensorLike, { alpha = 1 }: ELUOptions = {}): Tensor {
  checkAlpha('elu', alpha);
  // Held at 0, the branch that is not taken does not overflow: its gradient would be 0 times infinity.
  return where(greater(x, 0), x, mul(expm1(minimum(x, 0)), alpha));
}

/** {@link elu} as a module. */
export class ELU extends Module {
  readonly alpha: number;

  /** `alpha` is 1 by default. */
  constructor({ alpha = 1 }: ELUOptions = {}) {
    super();
    checkAlpha('ELU', alpha);
    this.alpha = alpha;
  }

  override forward(x: Tensor | Variable): Tensor {
    return elu(x, this);
  }
}

function checkAlpha(name: string, alpha: number): void {
  if (!Number.isFinite(alpha)) throw new DownhillError(`${name}: expected a finite alpha, got ${alpha}`);
}
