import {
  formatShape,
  matmul,
  mul,
  permute,
  reshape,
  sameShape,
  ShapeError,
  sum,
  unsqueeze,
  variable,
  zeros,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { lecunUniform } from './initializers.js';
import type { LinearOptions } from './linear.js';
import { Module } from './module.js';

/** What meets in a bilinear layer: [..., left] and [..., right]. */
export type Pair = readonly [left: Tensor | Variable, right: Tensor | Variable];

/** leftᵀ · weight[o] · right + bias[o] for each output o: how two things go together. */
export class Bilinear extends Module<Pair> {
  /** [outputs, left, right]. */
  readonly weight: Variable;
  /** [outputs]. */
  readonly bias: Variable | undefined;

  /** `left`, `right` and `outputs` are whole numbers of at least 1; the weight starts as `lecunUniform` says. */
  constructor(
    readonly left: number,
    readonly right: number,
    readonly outputs: number,
    { bias = true, initializer = lecunUniform, generator, dtype = 'float32' }: LinearOptions = {},
  ) {
    super();
    checkExtents('Bilinear', { left, right, outputs });
    const fans = { fanIn: left * right, fanOut: outputs };
    this.weight = variable(initializer([outputs, left, right], { ...fans, generator, dtype }), {
      name: 'weight',
    });
    this.bias = bias ? variable(zeros([outputs], { dtype }), { name: 'bias' }) : undefined;
  }

  override forward([a, b]: Pair): Tensor {
    const { left, right, outputs, weight, bias } = this;
    const outer = a.shape.slice(0, -1);
    if (a.shape.at(-1) !== left || b.shape.at(-1) !== right || !sameShape(outer, b.shape.slice(0, -1))) {
      throw new ShapeError(
        `Bilinear(${left}, ${right}, ${outputs}): expected [..., ${left}] and [..., ${right}], equal in front, ` +
          `got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    const folded = reshape(permute(weight, [1, 0, 2]), [left, outputs * right]);
    const rows = reshape(matmul(a, folded), [...outer, outputs, right]);
    const product = sum(mul(rows, unsqueeze(b, -2)), { axis: -1 });
    return bias === undefined ? product : product.add(bias);
  }
}
