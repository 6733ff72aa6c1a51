import { readFileSync } from 'node:fs';
import { gradients } from '@downhill/autograd';
import * as convnets from '@downhill/convnets';
import { tensor, variable, type DType, type NestedArray, type Tensor, type Variable } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';

interface Case {
  readonly name: string;
  readonly options: object;
  readonly inputs: NestedArray[];
  readonly value: NestedArray;
  readonly weights: NestedArray;
  readonly gradients: NestedArray[];
}

const { cases } = JSON.parse(readFileSync(new URL('golden/convnets.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

type Apply = (inputs: readonly Variable[], options: never) => Tensor;

const convolution =
  (name: `conv${'' | 'Transpose'}${1 | 2 | 3}d`): Apply =>
  ([x, weight, bias], options: object) =>
    convnets[name](x, weight, { ...options, bias });

const pooling =
  <Options>(pool: (x: Variable, options: Options) => Tensor): Apply =>
  ([x], options) =>
    pool(x, options);

const ours: Record<string, Apply> = {
  conv1d: convolution('conv1d'),
  conv2d: convolution('conv2d'),
  conv3d: convolution('conv3d'),
  convTranspose1d: convolution('convTranspose1d'),
  convTranspose2d: convolution('convTranspose2d'),
  convTranspose3d: convolution('convTranspose3d'),
  maxPool1d: pooling(convnets.maxPool1d),
  maxPool2d: pooling(convnets.maxPool2d),
  maxPool3d: pooling(convnets.maxPool3d),
  averagePool1d: pooling(convnets.averagePool1d),
  averagePool2d: pooling(convnets.averagePool2d),
  averagePool3d: pooling(convnets.averagePool3d),
  lpPool1d: pooling(convnets.lpPool1d),
  lpPool2d: pooling(convnets.lpPool2d),
  lpPool3d: pooling(convnets.lpPool3d),
  adaptiveAveragePool: pooling(convnets.adaptiveAveragePool),
  adaptiveMaxPool: pooling(convnets.adaptiveMaxPool),
  globalAveragePool: pooling(convnets.globalAveragePool),
  globalMaxPool: pooling(convnets.globalMaxPool),
  localResponseNormalization: pooling(convnets.localResponseNormalization),
  upsample: pooling(convnets.upsample),
  pixelShuffle: pooling((x, { factor }: { factor: number }) => convnets.pixelShuffle(x, factor)),
  pixelUnshuffle: pooling((x, { factor }: { factor: number }) => convnets.pixelUnshuffle(x, factor)),
};

describe.each([
  ['float64', 1e-9],
  ['float32', 1e-4],
] as const)('values and gradients of PyTorch 1.13, in %s', (dtype, tolerance) => {
  it('covers every kind of case', () => {
    expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(Object.keys(ours)));
  });

  it.each(cases.map((each) => [`${each.name} ${JSON.stringify(each.options)}`, each] as const))(
    '%s',
    (_, { name, options, inputs, value, weights, gradients: expected }) => {
      const variables = inputs.map((input) => variable(tensor(input, { dtype })));
      const result = ours[name](variables, options as never);
      const found = gradients(result.mul(tensor(weights, { dtype })).sum(), variables);
      expectClose(result, value, dtype, tolerance);
      found.forEach((gradient, i) => {
        expectClose(gradient, expected[i], dtype, tolerance);
      });
      expect(found).toHaveLength(expected.length);
    },
  );
});

function expectClose(got: Tensor, expected: NestedArray, dtype: DType, tolerance: number): void {
  const reference = tensor(expected, { dtype: 'float64' });
  expect(got.dtype).toBe(dtype);
  expect(got.shape).toEqual(reference.shape);
  const values = reference.dataSync();
  got.dataSync().forEach((value, i) => {
    expect(Math.abs(value - values[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(values[i])));
  });
}
