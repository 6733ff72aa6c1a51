import { gradients } from '@downhill/autograd';
import { tensor, variable, type Tensor, type Variable } from '@downhill/tensor';
import { BatchNorm1d, Linear, Module, Residual, Sequential, substitute } from '@downhill/layers';
import { describe, expect, it } from 'vitest';

const x = tensor([[1, 2]]);

describe('substitute', () => {
  it('runs a layer with another weight and leaves the layer alone', () => {
    const layer = new Linear(2, 1, { initializer: () => tensor([[1, 1]]) });
    const other = substitute(layer, new Map([[layer.weight, tensor([[10, 100]])]]));
    expect(other.forward(x).toArray()).toEqual([[210]]);
    expect(layer.forward(x).toArray()).toEqual([[3]]);
    expect(layer.weight.toArray()).toEqual([[1, 1]]);
    expect(other).toBeInstanceOf(Linear);
  });

  it('finds variables however deep, and in every place they are shared from', () => {
    const inner = new Linear(2, 2, { bias: false });
    const model = new Sequential([new Residual(inner), inner]);
    const double = tensor([
      [2, 0],
      [0, 2],
    ]);
    const other = substitute(model, new Map([[inner.weight, double]]));
    expect(other.forward(x).toArray()).toEqual([[6, 12]]); // (2x + x) · 2
  });

  it('works through containers that contain themselves, arrays and options', () => {
    class Block extends Module {
      readonly self: Module = this;
      readonly scales = [variable(2), [variable(3)]] as const;
      override forward(input: Tensor | Variable): Tensor {
        return input.mul(this.scales[0]).mul(this.scales[1][0]);
      }
    }
    const block = new Block();
    expect(
      substitute(block, new Map([[block.scales[1][0], tensor(10)]]))
        .forward(x)
        .toArray(),
    ).toEqual([[20, 40]]);
  });

  it('lets gradients through to what the tensor was made of', () => {
    const layer = new Linear(2, 1, { bias: false });
    const mask = tensor([[1, 0]]);
    const masked = substitute(layer, new Map([[layer.weight, layer.weight.mul(mask)]]));
    expect(gradients(masked.forward(x).sum(), [layer.weight])[0].toArray()).toEqual([[1, 0]]);
  });

  it('shares what is not replaced: running statistics move in the module itself', () => {
    const norm = new BatchNorm1d(1, { momentum: 1 });
    substitute(norm, new Map([[norm.weight, tensor([3])]])).forward(tensor([[1], [3]]), { training: true });
    expect(norm.runningMean.toArray()).toEqual([2]);
  });

  it('refuses variables that are not the module’s, and other shapes', () => {
    const layer = new Linear(2, 1);
    const stranger = variable(1, { name: 'stranger' });
    expect(() => substitute(layer, new Map([[stranger, tensor(1)]]))).toThrow("'stranger' is not one of");
    expect(() => substitute(layer, new Map([[layer.weight, tensor([1])]]))).toThrow(
      "'weight' is float32 [1, 2], it cannot be replaced by float32 [1]",
    );
  });
});
