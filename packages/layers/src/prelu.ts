import {
  DownhillError,
  formatShape,
  full,
  greater,
  mul,
  reshape,
  ShapeError,
  variable,
  where,
  type DType,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { Module } from './module.js';

export interface PReLUOptions {
  /** Slopes that are learnt: one for all (1, the default), or one for each channel of axis 1. */
  readonly channels?: number;
  /** Where slopes start; 0.25 by default. */
  readonly slope?: number;
  /** float32 by default. */
  readonly dtype?: DType;
}

/** x above 0, slope · x elsewhere, the slope being learnt; at 0 the derivative is the slope. He et al. (2015), equation 1. */
export class PReLU extends Module {
  /** The slopes below 0, [channels]. */
  readonly weight: Variable;

  /** One slope that starts at 0.25 by default. */
  constructor({ channels = 1, slope = 0.25, dtype = 'float32' }: PReLUOptions = {}) {
    super();
    checkExtents('PReLU', { channels });
    if (!Number.isFinite(slope)) throw new DownhillError(`PReLU: expected a finite slope, got ${slope}`);
    this.weight = variable(full([channels], slope, { dtype }), { name: 'weight' });
  }

  override forward(x: Tensor | Variable): Tensor {
    const channels = this.weight.size;
    if (channels > 1 && x.shape[1] !== channels) {
      throw new ShapeError(
        `PReLU: expected [N, C, ...] with C = ${channels}, as many channels as slopes, got ${formatShape(x.shape)}`,
      );
    }
    const slopes = channels > 1 ? [channels, ...x.shape.slice(2).map(() => 1)] : [];
    return where(greater(x, 0), x, mul(x, reshape(this.weight, slopes)));
  }
}
