import { readFileSync } from 'node:fs';
import * as library from '@downhill/tensor';
import { allocateArray, isFloating, isTensor, tensor, type DType, type Tensor } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';
import * as contraction from '../src/ops/contraction.js';
import * as creation from '../src/ops/creation.js';
import * as elementwise from '../src/ops/elementwise.js';
import * as indexing from '../src/ops/indexing.js';
import * as movement from '../src/ops/movement.js';
import * as reduction from '../src/ops/reduction.js';

/** An array of NumPy's; JSON has no NaN and no infinities, so these are strings. */
interface Golden {
  readonly dtype: DType;
  readonly shape: number[];
  readonly data: (number | string)[];
}

interface Case {
  readonly operation: string;
  readonly arguments: unknown[];
  readonly result: unknown;
}

const { cases } = JSON.parse(readFileSync(new URL('golden/operations.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};
const names = [...new Set(cases.map(({ operation }) => operation))];

function isGolden(value: unknown): value is Golden {
  return typeof value === 'object' && value !== null && 'data' in value;
}

function numbersOf({ data }: Golden): number[] {
  return data.map(Number);
}

/** Arrays become tensors, null becomes undefined, and 'NaN' NaN. */
function decode(value: unknown): unknown {
  if (value === null) return undefined;
  if (isGolden(value)) {
    const elements = allocateArray(value.dtype, value.data.length);
    elements.set(numbersOf(value));
    return tensor(elements, { shape: value.shape, dtype: value.dtype });
  }
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decode(part)]));
  }
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;
}

function expectResult(result: unknown, expected: unknown): void {
  if (isGolden(expected)) {
    if (!isTensor(result)) throw new TypeError('expected a tensor');
    expectElements(result, expected);
  } else {
    const parts = Object.entries(expected as object);
    expect(Object.keys(result as object)).toEqual(parts.map(([key]) => key));
    for (const [key, part] of parts) expectResult((result as Record<string, unknown>)[key], part);
  }
}

/** Integers equal, zeros of the same sign; floats within a few units in the last place of theirs, or of 1. */
function expectElements(result: Tensor, golden: Golden): void {
  expect(result.dtype).toBe(golden.dtype);
  expect(result.shape).toEqual(golden.shape);
  const got = Array.from(result.dataSync());
  const expected = numbersOf(golden);
  if (!isFloating(golden.dtype)) {
    expect(got).toEqual(expected);
    return;
  }
  const unit = golden.dtype === 'float32' ? 2 ** -23 : 2 ** -52;
  const wrong = got.findIndex((value, i) => {
    const exact = expected[i];
    if (Object.is(value, exact)) return false;
    const near = Math.abs(value - exact) <= unit * 8 * Math.max(1, Math.abs(exact));
    return !near || (value === 0 && exact === 0);
  });
  if (wrong >= 0) throw new Error(`element ${wrong} is ${got[wrong]} instead of ${expected[wrong]}`);
}

describe('operations agree with NumPy 1.24 and SciPy 1.10', () => {
  it('every operation has cases', () => {
    // What makes tensors of host data, or belongs to other operations.
    const others = ['tensor', 'asOperand', 'asTensor', 'checkInteger'];
    const all = [elementwise, reduction, movement, contraction, indexing, creation].flatMap((file) =>
      Object.keys(file),
    );
    expect([...new Set(all)].filter((name) => !others.includes(name)).sort()).toEqual([...names].sort());
  });

  it.each(names)('%s', (name) => {
    const operation = (library as unknown as Record<string, (...values: unknown[]) => unknown>)[name];
    cases.forEach((each, i) => {
      if (each.operation !== name) return;
      try {
        expectResult(operation(...each.arguments.map(decode)), each.result);
      } catch (cause) {
        const given = JSON.stringify(each.arguments).slice(0, 300);
        throw new Error(`case ${i}, ${name} of ${given}: ${String(cause)}`, { cause });
      }
    });
  });
});
