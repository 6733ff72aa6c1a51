import {
  abs,
  add,
  DownhillError,
  eye,
  matmul,
  mul,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import type { Module } from '@downhill/layers';
import { namedParameters, type ChoiceOptions } from './named-parameters.js';

/** λ Σ w² over the parameters chosen by name: what is added to a loss to keep weights small. (Tikhonov 1963) */
export function l2Penalty(model: Module, strength: number, options?: ChoiceOptions): Tensor {
  checkStrength('l2Penalty', strength);
  return mul(total(model, options, squares), strength);
}

/** λ Σ |w| over the parameters chosen by name, which brings many to 0; its gradient there is 0. Tibshirani (1996). */
export function l1Penalty(model: Module, strength: number, options?: ChoiceOptions): Tensor {
  checkStrength('l1Penalty', strength);
  return mul(total(model, options, magnitudes), strength);
}

/** λ₁ Σ |w| + λ₂ Σ w² over the parameters chosen by name. Zou & Hastie (2005), equation 3. */
export function elasticNetPenalty(
  model: Module,
  { l1, l2 }: { readonly l1: number; readonly l2: number },
  options?: ChoiceOptions,
): Tensor {
  return add(l1Penalty(model, l1, options), l2Penalty(model, l2, options));
}

/**
 * λ Σ ‖W Wᵀ − I‖² over the parameters chosen by name, W being [out, in · kh · kw] (or its transpose, if there are more
 * rows than columns): keeps what units look for apart. Brock et al. (2017), equation 3, there with |·|.
 */
export function orthogonalityPenalty(model: Module, strength: number, options?: ChoiceOptions): Tensor {
  checkStrength('orthogonalityPenalty', strength);
  return mul(total(model, options, deviationFromOrthogonal), strength);
}

function total(
  model: Module,
  options: ChoiceOptions | undefined,
  penalty: (parameter: Variable) => Tensor,
): Tensor {
  return namedParameters(model, options)
    .map(penalty)
    .reduce((a, b) => add(a, b));
}

function squares(parameter: Variable): Tensor {
  return sum(square(parameter));
}

function magnitudes(parameter: Variable): Tensor {
  return sum(abs(parameter));
}

function deviationFromOrthogonal(parameter: Variable): Tensor {
  if (parameter.rank < 2) {
    throw new DownhillError(
      `orthogonalityPenalty: '${parameter.name}' has one axis and no rows; choose weights only`,
    );
  }
  const rows = reshape(parameter, [parameter.shape[0], -1]);
  const [count, length] = rows.shape;
  const gram = count <= length ? matmul(rows, rows.transpose()) : matmul(rows.transpose(), rows);
  return sum(square(sub(gram, eye(Math.min(count, length), undefined, { dtype: parameter.dtype }))));
}

function checkStrength(name: string, strength: number): void {
  if (strength >= 0 && Number.isFinite(strength)) return;
  throw new DownhillError(`${name}: expected a strength of at least 0, got ${strength}`);
}
