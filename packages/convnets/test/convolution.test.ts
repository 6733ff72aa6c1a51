import { gradients } from '@downhill/autograd';
import {
  conv1d,
  conv2d,
  Conv2d,
  conv3d,
  Conv3d,
  convTranspose2d,
  ConvTranspose2d,
  type ConvolutionOptions,
} from '@downhill/convnets';
import { ones, ShapeError, tensor, variable, zeros, type Tensor } from '@downhill/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** A convolution of images drawn at random: two numbers for what has two axes. */
interface Drawn {
  readonly count: number;
  readonly groups: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: readonly number[];
  readonly extents: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
}

const pair = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    count: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    inputsPerGroup: fc.integer({ min: 1, max: 2 }),
    outputsPerGroup: fc.integer({ min: 1, max: 2 }),
    kernel: pair(1, 4),
    room: pair(0, 4),
    stride: pair(1, 4),
    dilation: pair(1, 3),
    padding: pair(0, 3),
  })
  .map(({ groups, inputsPerGroup, outputsPerGroup, room, ...rest }) => ({
    ...rest,
    groups,
    inputs: groups * inputsPerGroup,
    outputs: groups * outputsPerGroup,
    extents: room.map((more, axis) => {
      const reach = (rest.kernel[axis] - 1) * rest.dilation[axis] + 1;
      return Math.max(1, reach - 2 * rest.padding[axis]) + more;
    }),
  }));

/** Numbers that are neither regular nor random. */
function numbers(count: number, phase: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sin(phase + i * 1.7) + 0.3 * Math.cos(i * i));
}

const product = (factors: readonly number[]): number => factors.reduce((a, b) => a * b, 1);

/**
 * Every product x · w that a convolution adds up, by definition, one loop an index: `visit` is told the flat places of the
 * output, of x and of w.
 */
function eachProduct(
  { count, groups, inputs, outputs, kernel, extents, stride, dilation, padding }: Drawn,
  visit: (output: number, x: number, w: number) => void,
): number[] {
  const [height, width] = extents.map(
    (extent, axis) =>
      Math.floor((extent + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1,
  );
  const perGroup = inputs / groups;
  for (let n = 0; n < count; n++)
    for (let o = 0; o < outputs; o++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          for (let c = 0; c < perGroup; c++)
            for (let i = 0; i < kernel[0]; i++)
              for (let j = 0; j < kernel[1]; j++) {
                const y = row * stride[0] + i * dilation[0] - padding[0];
                const x = column * stride[1] + j * dilation[1] - padding[1];
                if (y < 0 || y >= extents[0] || x < 0 || x >= extents[1]) continue;
                const channel = Math.floor(o / (outputs / groups)) * perGroup + c;
                visit(
                  ((n * outputs + o) * height + row) * width + column,
                  ((n * inputs + channel) * extents[0] + y) * extents[1] + x,
                  ((o * perGroup + c) * kernel[0] + i) * kernel[1] + j,
                );
              }
  return [count, outputs, height, width];
}

function expectNear(got: Tensor, expected: Float64Array): void {
  const values = got.dataSync();
  expect(values).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(values[i] - value)).toBeLessThan(1e-12 * 64);
  });
}

const float64 = (values: Float64Array, shape: readonly number[]): Tensor =>
  tensor(values, { shape, dtype: 'float64' });

describe('conv2d', () => {
  it('is the sum of products of its definition, and so are both its gradients', () => {
    fc.assert(
      fc.property(drawn, (options) => {
        const { count, groups, inputs, outputs, kernel, extents, stride, dilation, padding } = options;
        const xShape = [count, inputs, ...extents];
        const wShape = [outputs, inputs / groups, ...kernel];
        const [x, w] = [numbers(product(xShape), 1), numbers(product(wShape), 2)];
        const shape = eachProduct(options, () => undefined);
        const g = numbers(product(shape), 3);
        const [y, dx, dw] = [g, x, w].map(({ length }) => new Float64Array(length));
        eachProduct(options, (output, i, j) => {
          y[output] += x[i] * w[j];
          dx[i] += g[output] * w[j];
          dw[j] += g[output] * x[i];
        });
        const [image, weight] = [float64(x, xShape), float64(w, wShape)];
        const result = conv2d(image, weight, { stride, dilation, padding, groups });
        expect(result.shape).toEqual(shape);
        expectNear(result, y);
        const loss = result.mul(float64(g, shape)).sum();
        const [byImage, byWeight] = gradients(loss, [image, weight]);
        expectNear(byImage, dx);
        expectNear(byWeight, dw);
      }),
    );
  });

  it("makes ⌈extent / stride⌉ outputs with padding 'same', and is zero padding on both sides where that is even", () => {
    fc.assert(
      fc.property(drawn, ({ groups, inputs, outputs, kernel, extents, stride, dilation }) => {
        const x = float64(numbers(inputs * product(extents), 1), [1, inputs, ...extents]);
        const w = float64(numbers((outputs * inputs * product(kernel)) / groups, 2), [
          outputs,
          inputs / groups,
          ...kernel,
        ]);
        const options: ConvolutionOptions = { stride, dilation, groups };
        const same = conv2d(x, w, { ...options, padding: 'same' });
        const rows = extents.map((extent, axis) => Math.ceil(extent / stride[axis]));
        expect(same.shape).toEqual([1, outputs, ...rows]);
        const total = extents.map((extent, axis) =>
          Math.max(0, (rows[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - extent),
        );
        fc.pre(total.every((width) => width % 2 === 0));
        const padding = total.map((width) => width / 2);
        expectNear(same, conv2d(x, w, { ...options, padding }).dataSync() as Float64Array);
      }),
    );
  });

  it('puts the odd element of padding "same" behind', () => {
    const x = tensor([[[[1, 2, 3, 4]]]]);
    expect(conv2d(x, ones([1, 1, 1, 2]), { padding: 'same' }).toArray()).toEqual([[[[3, 5, 7, 4]]]]);
  });

  it('finds an edge: a difference of neighbours by hand', () => {
    const x = tensor([
      [
        [
          [0, 0, 5, 5],
          [0, 0, 5, 5],
        ],
      ],
    ]);
    const w = tensor([[[[-1, 1]]]]);
    expect(conv2d(x, w, { bias: tensor([10]) }).toArray()).toEqual([
      [
        [
          [10, 15, 10],
          [10, 15, 10],
        ],
      ],
    ]);
  });

  it('takes images of bytes as they are', () => {
    const x = tensor(new Uint8Array([250, 251, 252, 253]), { shape: [1, 1, 2, 2] });
    expect(conv2d(x, ones([1, 1, 2, 2])).item()).toBe(1006);
  });

  it('gives nothing for no images', () => {
    expect(conv2d(zeros([0, 3, 8, 8]), zeros([4, 3, 3, 3])).shape).toEqual([0, 4, 6, 6]);
    expect(conv2d(zeros([0, 3, 8, 8]), zeros([4, 3, 3, 3])).dataSync()).toHaveLength(0);
  });

  it.each([
    [
      'a kernel larger than the padded input',
      [1, 1, 4, 9],
      [1, 1, 7, 3],
      { padding: 1 },
      'reaching over [7, 3]',
    ],
    ['a dilated kernel that is', [1, 1, 5, 5], [1, 1, 3, 3], { dilation: 3 }, 'reaching over [7, 7]'],
    ['channels that differ', [1, 3, 5, 5], [1, 2, 3, 3], {}, 'expected weight [out, 3, height, width]'],
    ['groups that do not divide the inputs', [1, 3, 5, 5], [2, 1, 3, 3], { groups: 2 }, 'groups must divide'],
    [
      'groups that do not divide the outputs',
      [1, 2, 5, 5],
      [3, 1, 3, 3],
      { groups: 2 },
      'groups must divide',
    ],
    ['half a group', [1, 2, 5, 5], [3, 1, 3, 3], { groups: 0.5 }, 'groups must divide'],
    ['no axis of examples', [3, 5, 5], [1, 3, 3, 3], {}, 'unsqueeze(x, 0)'],
    [
      'a stride of 0',
      [1, 1, 5, 5],
      [1, 1, 3, 3],
      { stride: 0 },
      'stride must be a whole number of at least 1',
    ],
    ['three strides', [1, 1, 5, 5], [1, 1, 3, 3], { stride: [1, 1, 1] }, 'the 2 spatial axes'],
    [
      'padding of -1',
      [1, 1, 5, 5],
      [1, 1, 3, 3],
      { padding: -1 },
      'padding must be a whole number of at least 0',
    ],
    [
      'padding by a wrong word',
      [1, 1, 5, 5],
      [1, 1, 3, 3],
      { padding: 'full' },
      "'same' or 'valid', got 'full'",
    ],
    ['a weight without its axes', [1, 1, 5, 5], [1, 1], {}, 'expected weight [out, 1, height, width]'],
    ['images without height', [1, 1, 0, 5], [1, 1, 1, 1], {}, 'expected x [N, channels, height, width]'],
  ])('refuses %s', (_, x, w, options, message) => {
    const run = (): Tensor => conv2d(zeros(x), zeros(w), options as ConvolutionOptions);
    expect(run).toThrow(ShapeError);
    expect(run).toThrow('conv2d: ');
    expect(run).toThrow(message);
  });

  it('refuses a bias that does not fit', () => {
    const run = (): Tensor => conv2d(zeros([1, 1, 5, 5]), zeros([4, 1, 3, 3]), { bias: zeros([3]) });
    expect(run).toThrow('conv2d: expected bias [4], one for each output channel, got [3]');
  });
});

describe('conv1d and conv3d', () => {
  it('are conv2d with an axis fewer and one more', () => {
    const x = float64(numbers(2 * 3 * 7, 1), [2, 3, 7]);
    const w = float64(numbers(4 * 3 * 3, 2), [4, 3, 3]);
    const flat = conv2d(x.unsqueeze(2), w.unsqueeze(2), { stride: [1, 2], padding: [0, 1] });
    const options = { stride: 2, padding: 1 };
    expectNear(conv1d(x, w, options), flat.dataSync() as Float64Array);
    const deep = conv3d(x.unsqueeze([2, 4]), w.unsqueeze([2, 4]), { stride: [1, 2, 1], padding: [0, 1, 0] });
    expectNear(deep, flat.dataSync() as Float64Array);
  });
});

describe('convTranspose2d', () => {
  it('is the adjoint of conv2d: ⟨conv x, y⟩ = ⟨x, convTranspose y⟩', () => {
    fc.assert(
      fc.property(drawn, ({ count, groups, inputs, outputs, kernel, extents, stride, dilation, padding }) => {
        const options = { stride, dilation, padding, groups };
        const x = float64(numbers(count * inputs * product(extents), 1), [count, inputs, ...extents]);
        const w = float64(numbers((outputs * inputs * product(kernel)) / groups, 2), [
          outputs,
          inputs / groups,
          ...kernel,
        ]);
        const result = conv2d(x, w, options);
        const y = float64(numbers(result.size, 3), result.shape);
        const shape = extents.map(
          (_, axis) =>
            (result.shape[axis + 2] - 1) * stride[axis] -
            2 * padding[axis] +
            (kernel[axis] - 1) * dilation[axis] +
            1,
        );
        const outputPadding = extents.map((extent, axis) => extent - shape[axis]);
        const back = convTranspose2d(y, w, { ...options, outputPadding });
        expect(back.shape).toEqual(x.shape);
        expect(result.mul(y).sum().item()).toBeCloseTo(x.mul(back).sum().item(), 9);
      }),
    );
  });

  it.each([
    [
      'weights of other channels',
      [1, 3, 5, 5],
      [2, 1, 3, 3],
      {},
      'expected weight [3, out / groups, height, width]',
    ],
    ['groups that do not divide', [1, 3, 5, 5], [3, 1, 3, 3], { groups: 2 }, 'groups must divide'],
    [
      'more output padding than a stride',
      [1, 1, 5, 5],
      [1, 1, 3, 3],
      { outputPadding: 1 },
      'less than stride',
    ],
    ['padding that leaves nothing', [1, 1, 1, 1], [1, 1, 3, 3], { padding: 2 }, 'cuts off all of [3, 3]'],
  ])('refuses %s', (_, x, w, options, message) => {
    const run = (): Tensor => convTranspose2d(zeros(x), zeros(w), options);
    expect(run).toThrow(ShapeError);
    expect(run).toThrow('convTranspose2d: ');
    expect(run).toThrow(message);
  });
});

describe('modules', () => {
  it('have weight [out, in / groups, kh, kw] and bias [out] that starts at 0', () => {
    const layer = new Conv2d(4, 6, { kernelSize: [3, 5], groups: 2 });
    expect(Object.keys(layer.state())).toEqual(['weight', 'bias']);
    expect(layer.weight.shape).toEqual([6, 2, 3, 5]);
    expect(layer.bias?.toArray()).toEqual([0, 0, 0, 0, 0, 0]);
    expect(new Conv2d(4, 6, { kernelSize: 1, bias: false }).parameters()).toHaveLength(1);
    expect(new Conv3d(1, 2, { kernelSize: 3 }).weight.shape).toEqual([2, 1, 3, 3, 3]);
    expect(new ConvTranspose2d(4, 6, { kernelSize: 3, groups: 2 }).weight.shape).toEqual([4, 3, 3, 3]);
  });

  it('do what the functions do with their options', () => {
    const x = tensor(Float32Array.from(numbers(2 * 4 * 36, 1)), { shape: [2, 4, 6, 6] });
    const options = { stride: 2, padding: 1, dilation: 2, groups: 2 };
    const layer = new Conv2d(4, 2, { kernelSize: 2, ...options });
    layer.bias?.assign(tensor([1, 2]));
    expect(layer.forward(x).toArray()).toEqual(
      conv2d(x, layer.weight, { ...options, bias: tensor([1, 2]) }).toArray(),
    );
    const back = new ConvTranspose2d(4, 2, { kernelSize: 2, ...options, outputPadding: 1 });
    back.bias?.assign(tensor([1, 2]));
    expect(back.forward(x).toArray()).toEqual(
      convTranspose2d(x, back.weight, { ...options, outputPadding: 1, bias: tensor([1, 2]) }).toArray(),
    );
  });

  it('tell initializers the fans of one unit', () => {
    const seen: unknown[] = [];
    const initializer = (shape: readonly number[], options: object = {}): Tensor => {
      const { fanIn, fanOut } = options as { fanIn: number; fanOut: number };
      seen.push([fanIn, fanOut]);
      return zeros(shape);
    };
    new Conv2d(8, 4, { kernelSize: 3, groups: 2, initializer });
    new ConvTranspose2d(8, 4, { kernelSize: 4, stride: 2, groups: 2, initializer });
    // 4 channels times 9 places; 4 channels times the 2 by 2 kernels that cover a place.
    expect(seen).toEqual([
      [36, 18],
      [16, 32],
    ]);
  });

  it('name themselves and both shapes when the input does not fit', () => {
    const layer = new Conv2d(3, 8, { kernelSize: 3 });
    expect(() => layer.forward(zeros([2, 1, 8, 8]))).toThrow(
      'Conv2d(3, 8): expected x [N, 3, height, width], got [2, 1, 8, 8]: axis 1 must be the 3 channels',
    );
    expect(() => new Conv2d(3, 0, { kernelSize: 3 })).toThrow('Conv2d: expected whole numbers');
    expect(() => new Conv2d(3, 8, { kernelSize: 0 })).toThrow(
      'kernelSize must be a whole number of at least 1',
    );
    expect(() => new Conv2d(3, 8, { kernelSize: 3, groups: 2 })).toThrow('groups must divide');
  });

  it('keep the variance of signals through a ReLU, as they start', () => {
    const x = variable(float64(numbers(64 * 16 * 64, 5), [64, 16, 8, 8])).value;
    const scaled = x.div(x.square().mean().sqrt());
    const y = new Conv2d(16, 32, { kernelSize: 3, padding: 0, dtype: 'float64' }).forward(scaled);
    // He et al. (2015): the second moment doubles, and the ReLU halves it again.
    expect(y.square().mean().item()).toBeGreaterThan(1.5);
    expect(y.square().mean().item()).toBeLessThan(2.5);
  });
});
