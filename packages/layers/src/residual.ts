import { formatShape, sameShape, ShapeError, type Tensor, type Variable } from '@downhill/tensor';
import { Identity } from './identity.js';
import { Module, type ForwardOptions } from './module.js';

export interface ResidualOptions {
  /** What x goes through beside the body; `Identity` by default, a projection where the body changes the shape. */
  readonly shortcut?: Module;
}

/** body(x) + shortcut(x): a block learns what to add to its input. He et al. (2016), equations 1 and 2. */
export class Residual extends Module {
  readonly shortcut: Module;

  /** `body` and the shortcut (x itself by default) must give one shape. */
  constructor(
    readonly body: Module,
    { shortcut = new Identity() }: ResidualOptions = {},
  ) {
    super();
    this.shortcut = shortcut;
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const added = this.body.forward(x, options);
    const kept = this.shortcut.forward(x, options);
    if (!sameShape(added.shape, kept.shape)) {
      throw new ShapeError(
        `Residual: the body gives ${formatShape(added.shape)} and the shortcut ${formatShape(kept.shape)}; ` +
          'they must have the same shape: give a shortcut that projects x to it',
      );
    }
    return added.add(kept);
  }
}
