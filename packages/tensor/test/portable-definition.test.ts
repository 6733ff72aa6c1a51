import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Backend, Bindings, Results, Storage } from '../src/backend.js';
import { setBackend } from '../src/backend.js';
import type { TypedArray } from '../src/dtype.js';
import { allocateArray } from '../src/dtype.js';
import type { IndexExpression } from '../src/lowering/index-expression.js';
import type { Expression, LoopAxis, Program, Statement } from '../src/lowering/program.js';
import { einsum, matmul } from '../src/ops/contraction.js';
import { tensor } from '../src/ops/creation.js';
import { add, exp, maximum, mul, relu, sub } from '../src/ops/elementwise.js';
import { argsort, scatterAdd, take } from '../src/ops/indexing.js';
import {
  concat,
  flip,
  pad,
  permute,
  reshape,
  slice,
  transpose,
  unsqueeze,
  windows,
} from '../src/ops/movement.js';
import { argmax, cumulativeSum, max, sum } from '../src/ops/reduction.js';
import { portable } from '../src/portable/portable.js';
import type { Tensor } from '../src/tensor.js';

/**
 * The loop language by its definition: one scalar at a time, nothing hoisted, shared or reordered. It checks how
 * the portable backend splits work into lanes and blocks; what each operation computes is checked elsewhere.
 */
class Interpreter {
  readonly #counters = new Map<number, number>();
  readonly #registers = new Map<number, number>();

  constructor(private readonly views: readonly TypedArray[]) {}

  run(statements: readonly Statement[]): void {
    for (const statement of statements) this.#runOne(statement);
  }

  #repeat([first, ...others]: readonly LoopAxis[], body: () => void): void {
    if (first === undefined) return body();
    for (let i = 0; i < first.extent; i++) {
      this.#counters.set(first.axis, i);
      this.#repeat(others, body);
    }
  }

  #runOne(statement: Statement): void {
    switch (statement.kind) {
      case 'loop':
        return this.#repeat([statement], () => this.run(statement.body));
      case 'let':
        this.#registers.set(statement.register, this.#value(statement.value));
        return;
      case 'store':
        this.views[statement.buffer][this.#place(statement.index)] = this.#value(statement.value);
        return;
      case 'accumulate':
        this.views[statement.buffer][this.#place(statement.index)] += this.#value(statement.value);
        return;
      case 'reduce': {
        const values: number[] = [];
        this.#repeat(statement.axes, () => {
          this.run(statement.body);
          values.push(this.#value(statement.value));
        });
        const results = {
          sum: () => values.reduce((a, b) => a + b, 0),
          prod: () => values.reduce((a, b) => a * b, 1),
          max: () => Math.max(...values),
          min: () => Math.min(...values),
          argMax: () => values.indexOf(Math.max(...values)),
          argMin: () => values.indexOf(Math.min(...values)),
        };
        this.#registers.set(statement.register, round(results[statement.combine](), statement.dtype));
        return;
      }
      case 'scan': {
        let total = 0;
        this.#repeat([statement.axis], () => {
          total += this.#value(statement.value);
          this.#registers.set(statement.register, round(total, statement.dtype));
          this.run(statement.body);
        });
        return;
      }
      case 'argsort': {
        const { source, target, length, descending } = statement;
        const start = this.#place(source.index);
        const values = [...this.views[source.buffer].subarray(start, start + length)];
        const order = values.map((_, i) => i).sort((i, j) => (values[i] - values[j]) * (descending ? -1 : 1));
        this.views[target.buffer].set(order, this.#place(target.index));
        return;
      }
      case 'check':
        if (this.#value(statement.condition) === 0) throw new Error('a check failed');
        return;
    }
  }

  #place({ offset, terms }: IndexExpression): number {
    let place = offset;
    for (const { atom, coefficient } of terms) place += coefficient * this.#atom(atom);
    return place;
  }

  #atom(atom: IndexExpression['terms'][number]['atom']): number {
    if (atom.kind === 'axis') return this.#counters.get(atom.axis) ?? NaN;
    if (atom.kind === 'value') return this.#value(atom.value);
    const quotient = Math.floor(this.#place(atom.index) / atom.divisor);
    return atom.kind === 'floorDiv' ? quotient : this.#place(atom.index) - quotient * atom.divisor;
  }

  #value(expression: Expression): number {
    return round(this.#exact(expression), expression.dtype);
  }

  #exact(expression: Expression): number {
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'register':
        return this.#registers.get(expression.register) ?? NaN;
      case 'index':
        return this.#place(expression.index);
      case 'load': {
        const value = this.views[expression.buffer].at(this.#place(expression.index));
        if (value === undefined) throw new RangeError('a load outside its buffer');
        return value;
      }
      case 'cast':
        return this.#value(expression.operand);
      case 'select':
        return this.#value(this.#value(expression.condition) ? expression.whenTrue : expression.whenFalse);
      case 'guard': {
        const holds = expression.conditions.every(({ index, lower, upper }) => {
          const place = this.#place(index);
          return lower <= place && place < upper;
        });
        return this.#value(holds ? expression.value : expression.otherwise);
      }
      case 'unary': {
        const x = this.#value(expression.operand);
        const known: Partial<Record<string, number>> = { neg: -x, exp: Math.exp(x), abs: Math.abs(x) };
        return known[expression.name] ?? unknown(expression.name);
      }
      case 'binary': {
        const a = this.#value(expression.left);
        const b = this.#value(expression.right);
        const known: Partial<Record<string, number>> = {
          add: a + b,
          sub: a - b,
          mul: a * b,
          maximum: Math.max(a, b),
          minimum: Math.min(a, b),
          less: Number(a < b),
          lessEqual: Number(a <= b),
          equal: Number(a === b),
          and: a & b,
        };
        return known[expression.name] ?? unknown(expression.name);
      }
    }
  }
}

function unknown(name: string): never {
  throw new Error(`${name} is not used here`);
}

function round(value: number, dtype: Expression['dtype']): number {
  return dtype === 'float32' ? Math.fround(value) : value;
}

function byDefinition(program: Program): { run(bindings: Bindings): Results } {
  return {
    run({ inputs, scalars, residents }) {
      const views = program.buffers.map(({ role, slot, dtype, length, offset }) => {
        if (role === 'resident') return (residents[slot] as HeldStorage).values;
        return viewOf(dtype, offset, length);
      });
      program.buffers.forEach(({ role }, i) => {
        if (role === 'scalars') views[i].set(scalars);
      });
      program.inputs.forEach(({ buffer }, i) => {
        views[buffer].set(inputs[i]);
      });
      for (const { body } of program.kernels) new Interpreter(views).run(body);
      return { outputs: program.outputs.map(({ buffer }) => views[buffer].slice()), failedCheck: undefined };
    },
  };

  function viewOf(dtype: Program['buffers'][number]['dtype'], offset: number, length: number): TypedArray {
    const { constructor } = allocateArray(dtype, 0);
    return Reflect.construct(constructor, [memory, offset, length]) as TypedArray;
  }
}

const memory = new ArrayBuffer(1 << 20);

interface HeldStorage extends Storage {
  values: TypedArray;
}

const definition: Backend = {
  name: 'definition',
  compile: byDefinition,
  allocate: (dtype, length): HeldStorage => ({ dtype, length, values: allocateArray(dtype, length) }),
  write: (storage, values) => (storage as HeldStorage).values.set(values),
  read: (storage) => (storage as HeldStorage).values.slice(),
  free: () => {},
};

afterEach(() => {
  setBackend(portable());
});

/** Small whole numbers, of which sums and products are exact in any order. */
function whole(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => ((i * 7 + seed * 13) % 11) - 5),
    { shape: [...shape] },
  );
}

function check(build: () => Tensor): void {
  setBackend(definition);
  const expected = build().dataSync();
  setBackend(portable());
  expect([...build().dataSync()]).toEqual([...expected]);
}

/** What turns a matrix [m, n] into another tensor, one after the other. */
const steps: Record<string, (x: Tensor) => Tensor> = {
  transpose: (x) => transpose(x),
  flip: (x) => flip(x, 1),
  every: (x) => slice(x, [undefined, undefined, -2], [1]),
  pad: (x) =>
    pad(
      x,
      [
        [1, 2],
        [0, 3],
      ],
      { value: 4 },
    ),
  regroup: (x) => reshape(x, [x.shape[1], x.shape[0]]),
  beside: (x) => concat([x, mul(x, 2)], { axis: 1 }),
  center: (x) => sub(x, max(x, { axis: 1, keepDims: true })),
  rows: (x) => add(x, sum(x, { axis: 0, keepDims: true })),
  totals: (x) => cumulativeSum(x, { axis: 0 }),
  relu: (x) => relu(x),
  take: (x) => take(x, tensor([0, 0], { dtype: 'int32' }), { axis: 0 }),
  product: (x) => matmul(x, whole([x.shape[1], 3], 2)),
  gram: (x) => matmul(transpose(x), x),
};

describe('blocks and lanes give what the loops say, one scalar at a time', () => {
  test('for random chains of operations', () => {
    const extent = fc.integer({ min: 1, max: 9 });
    const chain = fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(extent, extent, chain, (m, n, names) => {
        check(() => {
          let x = whole([m, n], 1);
          for (const name of names) {
            const next = steps[name](x);
            if (next.shape.every((size) => size > 0 && size < 40)) x = next;
          }
          return maximum(x, -1e6);
        });
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  test('for axes longer than a block', () => {
    check(() => relu(add(whole([3, 300], 1), whole([300], 2))));
    check(() => sum(whole([300, 3], 1), { axis: 0 }));
    check(() => sum(exp(mul(whole([2, 300], 1), 0)), { axis: 1 }));
    check(() => argmax(whole([2, 5, 140], 1), { axis: 2 }));
    check(() => add(transpose(whole([150, 140], 3)), whole([140, 150], 4)));
    check(() => matmul(whole([70, 20], 1), relu(whole([20, 140], 2))));
  });

  test('for convolutions and what their gradients need', () => {
    check(() => {
      const image = windows(whole([2, 2, 6, 7], 1), { axes: [2, 3], size: [3, 3], padding: 1 });
      return einsum('ncyxij,ocij->noyx', image, whole([4, 2, 3, 3], 2));
    });
    check(() => {
      const image = windows(whole([2, 2, 6, 7], 1), { axes: [2, 3], size: [2, 2], stride: 2 });
      return max(image, { axis: [4, 5] });
    });
    check(() => einsum('bij,bkj->bik', whole([3, 4, 5], 1), whole([3, 6, 5], 2)));
    check(() => einsum('ij,jk,kl->il', whole([3, 4], 1), whole([4, 5], 2), whole([5, 6], 3)));
  });

  test('for computed places', () => {
    const at = tensor([2, 0, 2, 1], { dtype: 'int32' });
    check(() => take(whole([3, 150], 1), at, { axis: 0 }));
    check(() => {
      const indices = permute(unsqueeze(mul(at, tensor([[1], [0]], { dtype: 'int32' })), 2), [1, 0, 2]);
      return scatterAdd(whole([3, 2, 1], 1), indices, whole([4, 2, 1], 2), { axis: 0 });
    });
    check(() => argsort(whole([4, 20], 1), { descending: true }));
  });
});
