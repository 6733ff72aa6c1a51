import { readFileSync } from 'node:fs';
import {
  decodeNpy,
  decodeSafetensors,
  encodeNpy,
  encodeSafetensors,
  npyBlob,
  safetensorsBlob,
} from '@downhill/formats';
import { Linear } from '@downhill/layers';
import { tensor, type DType, type Tensor } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';

interface Values {
  readonly shape: number[];
  /** Infinities and NaN as text. */
  readonly values: (number | string | boolean)[];
}
type Typed = Values & { readonly type: string };
interface Saved {
  readonly file: string;
  readonly tensors: Record<string, Typed>;
  readonly metadata: Record<string, string>;
}
interface Golden {
  readonly safetensors: { own: Saved; others: Saved; linear: Saved & { x: Values; y: Values } };
  readonly npy: { saved: (Typed & { file: string })[]; written: (Typed & { file: string })[] };
}

// Made by make.py: NumPy 1.24.2 and PyTorch 1.13.1.
const golden = JSON.parse(readFileSync(new URL('./golden/formats.json', import.meta.url), 'utf8')) as Golden;

const DTYPES: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float32',
  BF16: 'float32',
  I64: 'int32',
  I32: 'int32',
  I16: 'int32',
  I8: 'int32',
  U8: 'uint8',
  BOOL: 'bool',
  f8: 'float64',
  f4: 'float32',
  f2: 'float32',
  i8: 'int32',
  i4: 'int32',
  i2: 'int32',
  i1: 'int32',
  u8: 'int32',
  u4: 'int32',
  u2: 'int32',
  u1: 'uint8',
  b1: 'bool',
};
const dtypeOf = (type: string): DType => DTYPES[type.replace(/^[<>|]/, '')];
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const numbersOf = ({ values }: Values): number[] =>
  values.map((value) => (value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value)));
const tensorOf = ({ type, shape, ...rest }: Typed): Tensor =>
  tensor(new Float64Array(numbersOf({ shape, ...rest })), { shape, dtype: dtypeOf(type) });

function expectSame(value: Tensor, expected: Typed): void {
  expect(value.dtype).toBe(dtypeOf(expected.type));
  expect(value.shape).toEqual(expected.shape);
  expect([...value.dataSync()]).toEqual(numbersOf(expected));
}

describe('safetensors', () => {
  it.each(['own', 'others', 'linear'] as const)("of PyTorch's tensors are read, bit by bit: %s", (which) => {
    const { file, tensors, metadata } = golden.safetensors[which];
    const read = decodeSafetensors(bytesOf(file));
    expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, value] of Object.entries(read.tensors)) expectSame(value, tensors[name]);
    expect(read.metadata).toEqual(metadata);
  });

  it('are written as PyTorch has read them, byte by byte', async () => {
    const { file, tensors, metadata } = golden.safetensors.own;
    const ours = Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, tensorOf(value)]));
    expect(await encodeSafetensors(ours, { metadata })).toEqual(bytesOf(file));
    const blob = await safetensorsBlob(ours, { metadata });
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytesOf(file));
  });

  it("load into a module, which then gives PyTorch's results", () => {
    const { file, x, y } = golden.safetensors.linear;
    const linear = new Linear(3, 2);
    const { tensors } = decodeSafetensors(bytesOf(file));
    linear.load(tensors);
    const result = linear.forward(tensor(new Float32Array(numbersOf(x)), { shape: x.shape }));
    expect(result.shape).toEqual(y.shape);
    result.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(numbersOf(y)[i], 6);
    });
    expect(() => new Linear(2, 2).load(tensors)).toThrow('weight is float32 [2, 3], expected float32 [2, 2]');
  });
});

describe('npy', () => {
  it.each(golden.npy.saved.map((saved) => [saved.type, JSON.stringify(saved.shape), saved] as const))(
    'of %s %s is read as NumPy saved it',
    (_, __, saved) => {
      expectSame(decodeNpy(bytesOf(saved.file)), saved);
    },
  );

  it.each(
    golden.npy.written.map((written) => [written.type, JSON.stringify(written.shape), written] as const),
  )('of %s %s is written as NumPy has read it, byte by byte', async (_, __, written) => {
    expect(await encodeNpy(tensorOf(written))).toEqual(bytesOf(written.file));
    const blob = await npyBlob(tensorOf(written));
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytesOf(written.file));
  });
});
