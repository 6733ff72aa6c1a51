import { gradients } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import { crossEntropy, Embedding, LayerNorm, Linear, ReLU, Sequential, softmax } from '@downhill/layers';
import { adam, momentum } from '@downhill/optimizers';
import type { Program, Tensor, Variable } from '@downhill/tensor';
import {
  accessesIn,
  argsort,
  BackendError,
  bytesPerElement,
  compile,
  einsum,
  generator,
  iota,
  max,
  ones,
  pad,
  portable,
  random,
  reshape,
  setBackend,
  slice,
  tensor,
  variable,
  windows,
  zeros,
} from '@downhill/tensor';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CANDIDATES } from '../src/contraction/tile-forms.js';
import { Gaps } from '../src/gaps.js';
import { Memory } from '../src/memory.js';
import { assembleProgram } from '../src/program-module.js';
import { inStages } from '../src/stages.js';

const GIB = 1024 ** 3;

afterEach(() => {
  vi.restoreAllMocks();
  setBackend(portable());
});

describe('blocks of memory', () => {
  test('never overlap, begin on cache lines, are zeroed, and leave nothing behind when all are freed', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ bytes: fc.nat(5000), keeps: fc.boolean() })), (requests) => {
        const memory = new Memory(false);
        const blocks: { offset: number; bytes: number }[] = [];
        for (const { bytes, keeps } of requests) {
          const offset = memory.allocate(bytes);
          expect(offset % 64).toBe(0);
          for (const other of blocks)
            expect(offset + bytes <= other.offset || other.offset + other.bytes <= offset).toBe(true);
          const view = new Uint8Array(memory.memory.buffer, offset, bytes);
          expect(view.every((byte) => byte === 0)).toBe(true);
          view.fill(255);
          if (keeps) blocks.push({ offset, bytes });
          else memory.free(offset, bytes);
        }
        for (const { offset, bytes } of blocks) memory.free(offset, bytes);
        const whole = memory.memory.buffer.byteLength;
        expect(memory.allocate(whole - 128)).toBe(new Memory(false).allocate(1));
        expect(memory.memory.buffer.byteLength).toBe(whole);
      }),
    );
  });

  test('over 4 GiB are refused, and nothing has changed', () => {
    const memory = new Memory(false);
    const before = memory.allocate(100);
    expect(() => memory.allocate(4 * GIB)).toThrow(BackendError);
    expect(() => memory.allocate(4 * GIB)).toThrow(
      /bytes of memory are needed, but there can be 4 GiB at most/,
    );
    expect(memory.memory.buffer.byteLength).toBe(65536);
    expect(memory.allocate(100)).toBe(before + 128);
  });
});

describe('memory of the backend', () => {
  /** Sums the product of a matrix with itself. */
  const squareOf = (): ((x: Tensor) => Tensor) => compile((x: Tensor) => x.matmul(x).sum());

  test('grows only when a larger program comes', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const backend = await wasm();
    setBackend(backend);
    const square = squareOf();
    const growths = (): number => grow.mock.calls.length;
    square(ones([300, 300]));
    const first = growths();
    expect(first).toBeGreaterThan(0);
    for (let size = 300; size > 0; size -= 40) {
      expect(square(ones([size, size])).item()).toBe(size ** 3);
      expect(square(ones([300, 300])).item()).toBe(300 ** 3);
    }
    expect(growths()).toBe(first);
    expect(square(ones([500, 500])).item()).toBe(500 ** 3);
    expect(growths()).toBeGreaterThan(first);
    backend.close();
  });

  test('a larger arena takes the place of a smaller one', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const pagesFor = async (sizes: readonly number[]): Promise<number> => {
      grow.mockClear();
      const square = squareOf();
      setBackend(await wasm({ threads: 1 }));
      for (const size of sizes) square(ones([size, size]));
      return grow.mock.calls.reduce((sum, [delta]) => sum + delta, 0);
    };
    const alone = await pagesFor([1000]);
    expect(await pagesFor([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])).toBeLessThan(alone + 5);
  });

  test('a program of more than 4 GiB is an error that says so, before anything is touched', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    setBackend(await wasm());
    const x = variable(tensor([1, 2, 3]));
    const step = compile((scale: Tensor) => {
      const outer = reshape(iota(70_000), [-1, 1])
        .mul(scale)
        .matmul(ones([1, 20_000]).mul(scale));
      x.assign(x.mul(scale));
      return outer.matmul(outer.slice(0).reshape([-1, 1]));
    });
    const before = grow.mock.calls.length;
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => step(tensor(2))).toThrow(BackendError);
      expect(() => step(tensor(2))).toThrow(
        /bytes of memory are needed, but there can be \d GiB at most; use smaller/,
      );
    }
    expect(grow.mock.calls.length).toBe(before);
    expect(x.value.toArray()).toEqual([1, 2, 3]);
    expect(squareOf()(ones([10, 10])).item()).toBe(1000);
  });
});

/** What is done in a step of training. */
function training(
  forward: (x: Tensor) => Tensor,
  parameters: readonly Variable[],
  x: Tensor,
  rule = momentum(),
): Program {
  const step = compile((inputs: Tensor, labels: Tensor) => {
    const loss = crossEntropy(forward(inputs), labels);
    rule.step(parameters, gradients(loss, parameters));
    return loss;
  });
  return step.program(x, zeros([x.shape[0]], { dtype: 'int32' }));
}

const draw = (shape: number[]): Variable => variable(random.normal(shape, { generator: generator(1) }));

const programs: Record<string, () => Program> = {
  'a step of a dense network': () => {
    const model = new Sequential([
      new Linear(784, 256),
      new ReLU(),
      new Linear(256, 256),
      new ReLU(),
      new Linear(256, 10),
    ]);
    return training((x) => model.forward(x), model.parameters(), zeros([64, 784]));
  },
  // The sizes of LeNet's.
  'a step of a convolutional network': () => {
    const [first, second, dense] = [draw([6, 1, 5, 5]), draw([16, 6, 5, 5]), draw([400, 10])];
    const stage = (x: Tensor, filters: Variable, padding: number): Tensor =>
      max(
        windows(einsum('ncyxij,ocij->noyx', windows(x, { axes: [2, 3], size: 5, padding }), filters).relu(), {
          axes: [2, 3],
          size: 2,
          stride: 2,
        }),
        { axis: [4, 5] },
      );
    return training(
      (x) => reshape(stage(stage(x, first, 2), second, 0), [64, -1]).matmul(dense),
      [first, second, dense],
      zeros([64, 1, 28, 28]),
      adam(),
    );
  },
  'a step with windows of 3 x 3': () => {
    const [first, second, dense] = [draw([32, 16, 3, 3]), draw([32, 32, 3, 3]), draw([32, 10])];
    const stage = (x: Tensor, filters: Variable): Tensor =>
      einsum('ncyxij,ocij->noyx', windows(x, { axes: [2, 3], size: 3, padding: 1 }), filters).relu();
    return training(
      (x) =>
        stage(stage(x, first), second)
          .mean({ axis: [2, 3] })
          .matmul(dense),
      [first, second, dense],
      zeros([16, 16, 24, 24]),
      adam(),
    );
  },
  'a step of a network over words': () => {
    const [embedding, norm, dense] = [new Embedding(1000, 64), new LayerNorm(64), new Linear(64, 50)];
    const parameters = [embedding, norm, dense].flatMap((each) => each.parameters());
    return training(
      (x) => {
        const words = norm.forward(embedding.forward(x));
        const mixed = softmax(words.matmul(words.permute([0, 2, 1]))).matmul(words);
        return dense.forward(mixed.mean({ axis: 1 }));
      },
      parameters,
      zeros([32, 40], { dtype: 'int32' }),
    );
  },
  'orders of rows': () =>
    compile((x: Tensor) => argsort(x.mul(2)).add(argsort(x.exp()))).program(zeros([40, 3000])),
};

/** For each kernel, the buffers in the arena that hold something while it runs: by their first and last use. */
function liveBuffers({ buffers, kernels }: Program): { offset: number; bytes: number }[][] {
  const users = kernels.map(({ body }) => new Set(accessesIn(body).map(({ buffer }) => buffer)));
  return kernels.map((_, kernel) =>
    buffers.flatMap(({ role, offset, length, dtype }, buffer) => {
      const uses = (part: readonly Set<number>[]): boolean => part.some((each) => each.has(buffer));
      const before = ['input', 'scalars', 'flags'].includes(role) || uses(users.slice(0, kernel + 1));
      const after = ['output', 'flags'].includes(role) || uses(users.slice(kernel));
      const isLive = !['resident', 'scratch'].includes(role) && uses(users) && before && after;
      return isLive ? [{ offset, bytes: length * bytesPerElement(dtype) }] : [];
    }),
  );
}

describe.each(Object.keys(programs))('scratch memory of %s', (name) => {
  test('lies in the arena where nothing else is', () => {
    const program = programs[name]();
    const live = liveBuffers(program);
    fc.assert(
      fc.property(fc.nat(live.length - 1), fc.nat(program.arenaBytes), (kernel, bytes) => {
        const gaps = new Gaps(program);
        const from = gaps.place(kernel, bytes);
        expect(from % 64).toBe(0);
        expect(gaps.bytes).toBe(Math.max(program.arenaBytes, from + bytes));
        for (const other of live[kernel]) {
          expect(from + bytes <= other.offset || other.offset + other.bytes <= from).toBe(true);
        }
      }),
    );
  });

  test.each([1, 2, 8])('leaves the arena at most 1.2 times what is live, on %d threads', (threads) => {
    const original = programs[name]();
    const { program } = inStages(original);
    const place = vi.spyOn(Gaps.prototype, 'place');
    const { arenaBytes } = assembleProgram(original, {
      relaxed: false,
      tileForms: { one: CANDIDATES.one[0], several: CANDIDATES.several[0] },
      sharedPages: undefined,
      threads,
    });
    // After the places of what large reductions come to in parts, which are buffers like others.
    const scratch = place.mock.calls.map(([, bytes]) => bytes).slice(-program.kernels.length);
    expect(scratch).toHaveLength(program.kernels.length);
    expect(Math.max(...scratch)).toBeGreaterThan(0);
    const sums = liveBuffers(program).map((each, kernel) =>
      each.reduce((sum, { bytes }) => sum + bytes, scratch[kernel]),
    );
    expect(arenaBytes).toBeLessThanOrEqual(1.2 * Math.max(...sums));
  });
});

test('what is guarded may lie below the first of all buffers', async () => {
  const values = Float32Array.from({ length: 8 * 300 * 60 }, (_, i) => i % 1009);
  const shifted = (x: Tensor, by: number): Tensor =>
    slice(
      pad(x, [
        [0, 0],
        [by, 0],
        [0, 0],
      ]),
      [0, 8],
      [0, 300],
      [0, 60],
    );
  // A backend of its own: the variable lies at the very beginning of its memory.
  const backend = await wasm({ threads: 1 });
  setBackend(backend);
  const x = variable(tensor(values, { shape: [8, 300, 60] }));
  const step = compile(() =>
    [5, 4, 3, 2, 1].map((by) => shifted(x.value, by)).reduce((total, each) => total.add(each)),
  );
  const got = step().dataSync();
  values.forEach((_, i) => {
    const row = Math.floor(i / 60) % 300;
    const expected = [5, 4, 3, 2, 1].reduce((total, by) => total + (row < by ? 0 : values[i - 60 * by]), 0);
    if (got[i] !== expected) throw new Error(`element ${i} is ${got[i]}, not ${expected}`);
  });
});

describe('code', () => {
  test('of a padded pooling of small pictures is not written out for each of its places', () => {
    const pool = compile((images: Tensor) => {
      const padded = pad(
        images,
        [
          [0, 0],
          [0, 0],
          [1, 1],
          [1, 1],
        ],
        { value: -Infinity },
      );
      return max(windows(padded, { axes: [2, 3], size: 3, stride: 2 }), { axis: [4, 5] });
    });
    const program = pool.program(zeros([2, 64, 32, 32]));
    const { bytes } = assembleProgram(program, {
      relaxed: false,
      tileForms: { one: CANDIDATES.one[0], several: CANDIDATES.several[0] },
      sharedPages: undefined,
      threads: 2,
    });
    // Written out turn by turn, the 16 x 16 places and 3 x 3 windows take 300 kB.
    expect(bytes.length).toBeLessThan(10_000);
  });
});
