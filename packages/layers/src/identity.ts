import { asTensor, type Tensor, type Variable } from '@downhill/tensor';
import { Module } from './module.js';

/** x as it is: the shortcut of a residual block, or a layer left out. */
export class Identity extends Module {
  override forward(x: Tensor | Variable): Tensor {
    return asTensor(x, 'Identity');
  }
}
