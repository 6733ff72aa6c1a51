import { readFileSync } from 'node:fs';
import { gradients } from '@downhill/autograd';
import {
  averagePool1d,
  averagePool2d,
  averagePool3d,
  conv1d,
  conv2d,
  conv3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from '@downhill/convnets';
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

const ours: Record<string, Apply> = {
  conv1d: ([x, weight, bias], options: object) => conv1d(x, weight, { ...options, bias }),
  conv2d: ([x, weight, bias], options: object) => conv2d(x, weight, { ...options, bias }),
  conv3d: ([x, weight, bias], options: object) => conv3d(x, weight, { ...options, bias }),
  maxPool1d: ([x], options) => maxPool1d(x, options),
  maxPool2d: ([x], options) => maxPool2d(x, options),
  maxPool3d: ([x], options) => maxPool3d(x, options),
  averagePool1d: ([x], options) => averagePool1d(x, options),
  averagePool2d: ([x], options) => averagePool2d(x, options),
  averagePool3d: ([x], options) => averagePool3d(x, options),
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
