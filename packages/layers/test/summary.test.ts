import { generator, random, windows, variable, zeros, type Tensor, type Variable } from '@downhill/tensor';
import {
  BatchNorm1d,
  Embedding,
  Flatten,
  Linear,
  Module,
  ReLU,
  Residual,
  Sequential,
  summary,
  type ForwardOptions,
} from '@downhill/layers';
import { describe, expect, it } from 'vitest';

describe('summary', () => {
  it('lists layers with shapes, parameters and operations', () => {
    const model = new Sequential([new Flatten(), new Linear(784, 256), new ReLU(), new Linear(256, 10)]);
    const { rows, parameters, flops } = summary(model, [2, 28, 28]);
    expect(rows).toEqual([
      { layer: '0 (Flatten)', outputShape: [2, 784], parameters: 0, flops: 0 },
      // 784 · 256 + 256; a multiply-add is two operations, and the bias one more.
      { layer: '1 (Linear)', outputShape: [2, 256], parameters: 200_960, flops: 2 * 256 * (2 * 784 + 1) },
      { layer: '2 (ReLU)', outputShape: [2, 256], parameters: 0, flops: 2 * 256 },
      { layer: '3 (Linear)', outputShape: [2, 10], parameters: 2570, flops: 2 * 10 * (2 * 256 + 1) },
    ]);
    expect(parameters).toBe(203_530);
    expect(flops).toBe(rows.reduce((sum, row) => sum + row.flops, 0));
  });

  it('prints as a table', () => {
    const model = new Sequential([new Linear(1000, 3, { bias: false }), new ReLU()]);
    expect(String(summary(model, [1, 1000]))).toBe(
      [
        'layer       output shape  parameters  flops',
        '0 (Linear)  [1, 3]             3,000  6,000',
        '1 (ReLU)    [1, 3]                 0      3',
        'total                          3,000  6,003',
      ].join('\n'),
    );
  });

  it('lists a container only for what it does itself', () => {
    const model = new Sequential([new Residual(new Sequential([new Linear(3, 3), new ReLU()]))]);
    expect(summary(model, [1, 3]).rows.map(({ layer, flops }) => [layer, flops])).toEqual([
      ['0.body.0 (Linear)', 21],
      ['0.body.1 (ReLU)', 3],
      ['0.shortcut (Identity)', 0],
      ['0 (Residual)', 3], // the addition
    ]);
  });

  it('knows nothing of layers and so sees any: a convolution written here, and what is done between layers', () => {
    class Convolution extends Module {
      readonly weight = variable(zeros([4, 3, 5, 5]));
      override forward(x: Tensor | Variable): Tensor {
        const seen = windows(x, { axes: [2, 3], size: 5 }); // [N, 3, OH, OW, 5, 5]
        const [n, c, h, w] = seen.shape;
        return seen
          .reshape([n, 1, c, h, w, 5, 5])
          .mul(this.weight.reshape([1, 4, c, 1, 1, 5, 5]))
          .sum({ axis: [2, 5, 6] });
      }
    }
    class Network extends Module {
      readonly convolution = new Convolution();
      readonly head = new Linear(4, 2, { bias: false });
      readonly unused = variable(zeros([7]));
      override forward(x: Tensor | Variable): Tensor {
        return this.head.forward(
          this.convolution
            .forward(x)
            .relu()
            .sum({ axis: [2, 3] }),
        );
      }
    }
    const { rows } = summary(new Network(), [1, 3, 12, 12]);
    expect(rows).toEqual([
      {
        layer: 'convolution (Convolution)',
        outputShape: [1, 4, 8, 8],
        parameters: 300,
        flops: 2 * 4 * 64 * 75,
      },
      { layer: 'head (Linear)', outputShape: [1, 2], parameters: 8, flops: 16 },
      { layer: '(Network)', outputShape: [1, 2], parameters: 7, flops: 4 * 64 * 2 },
    ]);
  });

  it('counts a shared layer’s parameters once and its operations each time', () => {
    const shared = new Linear(2, 2, { bias: false });
    const { rows, parameters } = summary(new Sequential([shared, shared]), [1, 2]);
    expect(rows.map((row) => row.flops)).toEqual([8, 8]);
    expect(parameters).toBe(4);
  });

  it('takes words', () => {
    expect(summary(new Embedding(10, 4), [2, 3], { dtype: 'int32' }).rows).toEqual([
      { layer: '(Embedding)', outputShape: [2, 3, 4], parameters: 40, flops: 0 },
    ]);
  });

  it('runs nothing and changes nothing', () => {
    const source = generator(1);
    class Noise extends Module {
      override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
        expect(options?.training ?? false).toBe(false);
        return x.add(random.uniform(x.shape, { generator: source }));
      }
    }
    const norm = new BatchNorm1d(2);
    const model = new Sequential([new Noise(), norm]);
    summary(model, [4, 2]);
    expect(source.counter.item()).toBe(0);
    expect(norm.runningMean.toArray()).toEqual([0, 0]);
    expect(Object.keys(model.state())).toHaveLength(4);
  });

  it('hands on what a layer says about a shape that does not fit', () => {
    expect(() => summary(new Linear(3, 2), [1, 4])).toThrow('Linear(3, 2): expected [..., 3], got [1, 4]');
  });
});
