import {
  formatShape,
  ShapeError,
  variable,
  zeros,
  type DType,
  type Generator,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { heUniform, type Initializer } from './initializers.js';
import { Module } from './module.js';

export interface LinearOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
  /** Where the weight starts; `heUniform` by default, right for the ReLU that mostly follows. A bias starts at 0. */
  readonly initializer?: Initializer;
  /** What the initializer draws from; the default generator unless given. */
  readonly generator?: Generator;
  /** float32 by default. */
  readonly dtype?: DType;
}

/** x · weightᵀ + bias over the last axis: [..., inputs] becomes [..., outputs]. */
export class Linear extends Module {
  /** [outputs, inputs]: a row is the weights of one unit. */
  readonly weight: Variable;
  /** [outputs]. */
  readonly bias: Variable | undefined;

  /** `inputs` and `outputs` are whole numbers of at least 1. */
  constructor(
    readonly inputs: number,
    readonly outputs: number,
    { bias = true, initializer = heUniform, generator, dtype = 'float32' }: LinearOptions = {},
  ) {
    super();
    checkExtents('Linear', { inputs, outputs });
    const start = initializer([outputs, inputs], { fanIn: inputs, fanOut: outputs, generator, dtype });
    this.weight = variable(start, { name: 'weight' });
    this.bias = bias ? variable(zeros([outputs], { dtype }), { name: 'bias' }) : undefined;
  }

  override forward(x: Tensor | Variable): Tensor {
    const { inputs, outputs, weight, bias } = this;
    if (x.shape.at(-1) !== inputs) {
      throw new ShapeError(
        `Linear(${inputs}, ${outputs}): expected [..., ${inputs}], got ${formatShape(x.shape)}: ` +
          `the last axis must be the ${inputs} inputs`,
      );
    }
    const product = x.matmul(weight.transpose());
    return bias === undefined ? product : product.add(bias);
  }
}
