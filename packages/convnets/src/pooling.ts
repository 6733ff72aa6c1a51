import { asTensor, formatShape, ShapeError, type Tensor, type Variable } from '@downhill/tensor';
import { Module } from '@downhill/layers';
import { checkImages, slidingOver, type Sliding, type SlidingOptions } from './sliding.js';

export interface PoolOptions extends Omit<SlidingOptions, 'dilation'> {
  /** Elements between the starts of neighbouring windows; `kernelSize` by default. Less makes windows overlap. */
  readonly stride?: SlidingOptions['stride'];
}

/** How pooling slides over x: by the size of its kernel unless told otherwise, and no window sees only padding. */
export function poolSliding(
  where: string,
  spatial: number,
  x: Tensor | Variable,
  options: SlidingOptions,
): { readonly input: Tensor; readonly sliding: Sliding } {
  const input = asTensor(x, where);
  checkImages(where, input, spatial);
  const { kernelSize, stride = kernelSize } = options;
  const sliding = slidingOver(where, input.shape.slice(2), { ...options, stride });
  input.shape.slice(2).forEach((extent, axis) => {
    if (!seesOnlyPadding(sliding, axis, extent)) return;
    throw new ShapeError(
      `${where}: padding ${formatShape(sliding.padding[axis])} is too wide for kernelSize ${sliding.size[axis]}: ` +
        'some windows would hold nothing but padding; half of kernelSize is always right',
    );
  });
  return { input, sliding };
}

/** Whether along an axis some window holds no element of the input. */
function seesOnlyPadding(
  { size, stride, dilation, padding, overhang }: Sliding,
  axis: number,
  extent: number,
): boolean {
  const [before, after] = padding[axis];
  const end = before + extent;
  const last = end + after + overhang[axis] - (size[axis] - 1) * dilation[axis] - 1;
  for (let start = 0; start <= last; start += stride[axis]) {
    // The first element of the window that lies behind the padding in front.
    const skipped = Math.max(0, Math.ceil((before - start) / dilation[axis]));
    if (skipped >= size[axis] || start + skipped * dilation[axis] >= end) return true;
  }
  return false;
}

/** What the modules of pooling share: a function of x and options, which has no parameters. */
export abstract class Pool<Options> extends Module {
  constructor(
    private readonly pool: (x: Tensor | Variable, options: Options) => Tensor,
    readonly options: Options,
  ) {
    super();
  }

  override forward(x: Tensor | Variable): Tensor {
    return this.pool(x, this.options);
  }
}
