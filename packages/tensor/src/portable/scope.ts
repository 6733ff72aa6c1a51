import type { TypedArray } from '../dtype.js';
import type { Atom, IndexExpression } from '../lowering/index-expression.js';
import { axesOf, indexKey, rangeOf, valuesOf } from '../lowering/index-expression.js';
import type { Buffer, Expression, LoopAxis } from '../lowering/program.js';
import type { Kernel, Lanes } from './lanes.js';
import { BLOCK, castOf, kernelOf, ROUND } from './lanes.js';

/** A piece of a kernel made ready: it does its work for `count` values of the vector axis. */
export type Step = (count: number) => void;

/** What all kernels of a program share while they run. */
export interface Machine {
  readonly buffers: readonly Buffer[];
  /** Each buffer's memory, filled in for each run. */
  readonly views: TypedArray[];
  /** The value of each loop counter; of the vector axis, that of the first lane. */
  readonly counters: number[];
}

/** Where a load or store goes: lane i to base() + i · stride, or to its own place. */
export interface Place {
  readonly base: () => number;
  readonly stride: number;
  readonly own: Lanes | undefined;
}

/** Runs a step for each value of a counter. */
export function repeat({ counters }: Machine, { axis, extent }: LoopAxis, step: Step): Step {
  return (count) => {
    for (let i = 0; i < extent; i++) {
      counters[axis] = i;
      step(count);
    }
  };
}

/** Runs a step for each block of an axis, which becomes the vector axis. */
export function repeatBlocks({ counters }: Machine, { axis, extent }: LoopAxis, step: Step): Step {
  return () => {
    for (let i = 0; i < extent; i += BLOCK) {
      counters[axis] = i;
      step(Math.min(BLOCK, extent - i));
    }
  };
}

/**
 * The body of a loop (or of a kernel), being put together: a list of steps. An expression is computed once, by a step of
 * the outermost scope in which all it depends on is known, so what a loop does not change is hoisted out of it.
 */
export class Scope {
  readonly machine: Machine;
  /** The axis along which there are lanes; without one there is a single lane. */
  readonly vector: number | undefined;
  readonly #parent: Scope | undefined;
  readonly #axes: readonly LoopAxis[];
  readonly #steps: Step[] = [];
  readonly #known = new Map<string, Lanes>();
  readonly #registers = new Map<number, Lanes>();

  constructor(machine: Machine, parent?: Scope, axes: readonly LoopAxis[] = [], vector = parent?.vector) {
    this.machine = machine;
    this.vector = vector;
    this.#parent = parent;
    this.#axes = axes;
    for (const { axis } of axes) machine.counters[axis] = 0;
  }

  /** Stays true as steps are added. */
  readonly run: Step = (count) => {
    const steps = this.#steps;
    for (let i = 0; i < steps.length; i++) steps[i](count);
  };

  add(step: Step): void {
    this.#steps.push(step);
  }

  /** A scope inside, for the body of a loop. */
  inside(axes: readonly LoopAxis[], vector?: number): Scope {
    return new Scope(this.machine, this, axes, vector);
  }

  define(register: number, lanes: Lanes): void {
    this.#registers.set(register, lanes);
  }

  /** Lanes that differ wherever there are several. */
  allocate(): Lanes {
    return this.vector === undefined ? single() : { values: new Float64Array(BLOCK), mask: -1 };
  }

  /** The lanes of an expression, when the steps so far have run. */
  lanesOf(expression: Expression): Lanes {
    return this.#home(expression.axes, expression.registers).#computeOnce(expression.key, (scope) =>
      scope.#compute(expression),
    );
  }

  placeOf({ offset, terms }: IndexExpression): Place {
    const shared: { values: ArrayLike<number>; at: number; coefficient: number }[] = [];
    const own: typeof shared = [];
    let stride = 0;
    for (const { atom, coefficient } of terms) {
      if (atom.kind === 'axis') {
        shared.push({ values: this.machine.counters, at: atom.axis, coefficient });
        if (atom.axis === this.vector) stride += coefficient;
      } else {
        const { values, mask } = this.#atomLanes(atom);
        (mask === 0 ? shared : own).push({ values, at: 0, coefficient });
      }
    }
    const base = (): number => {
      let place = offset;
      for (let i = 0; i < shared.length; i++) place += shared[i].coefficient * shared[i].values[shared[i].at];
      return place;
    };
    if (own.length === 0) return { base, stride, own: undefined };
    const places = this.allocate();
    this.add((count) => {
      ramp(places.values, base(), stride, count);
      for (const { values, coefficient } of own) {
        for (let i = 0; i < count; i++) places.values[i] += coefficient * values[i];
      }
    });
    return { base, stride, own: places };
  }

  /** An index as a value. */
  #places(index: IndexExpression): Lanes {
    const axes = axesOf(index);
    const registers = new Set(valuesOf(index).flatMap((value) => [...value.registers]));
    return this.#home(axes, registers).#computeOnce(`#${indexKey(index)}`, (scope) => {
      const { base, stride, own } = scope.placeOf(index);
      if (own) return own;
      const out = stride === 0 ? single() : scope.allocate();
      scope.#addFor(out, (count) => ramp(out.values, base(), stride, count));
      return out;
    });
  }

  #atomLanes(atom: Exclude<Atom, { kind: 'axis' }>): Lanes {
    if (atom.kind === 'value') {
      // The place may come from data, and be checked only after the run: no load may leave its buffer meanwhile.
      const last = atom.extent - 1;
      const held: Kernel = (out, count, a, mask) => {
        for (let i = 0; i < count; i++) out[i] = Math.max(0, Math.min(a[i & mask], last));
      };
      return this.#map([held], this.lanesOf(atom.value));
    }
    const { kind, divisor, index } = atom;
    const divided: Kernel = (out, count, a, mask) => {
      for (let i = 0; i < count; i++) {
        const whole = Math.floor(a[i & mask] / divisor);
        out[i] = kind === 'mod' ? a[i & mask] - divisor * whole : whole;
      }
    };
    return this.#map([divided], this.#places(index));
  }

  #home(axes: ReadonlySet<number>, registers: ReadonlySet<number>): Scope {
    const changes =
      this.#axes.some(({ axis }) => axes.has(axis)) ||
      [...registers].some((register) => this.#registers.has(register));
    return changes || !this.#parent ? this : this.#parent.#home(axes, registers);
  }

  #computeOnce(key: string, compute: (scope: Scope) => Lanes): Lanes {
    let lanes = this.#known.get(key);
    if (!lanes) {
      lanes = compute(this);
      this.#known.set(key, lanes);
    }
    return lanes;
  }

  /** A program sets a register before it reads it. */
  #lookUp(register: number): Lanes {
    const lanes = this.#registers.get(register);
    return lanes ?? (this.#parent ? this.#parent.#lookUp(register) : single());
  }

  /** Adds the step that fills `out`, all lanes or its only one. */
  #addFor(out: Lanes, fill: Step): void {
    this.add(out.mask === 0 ? () => fill(1) : fill);
  }

  /** The lanes a kernel makes of those of one operand or two, rounded if need be. */
  #map([kernel, round]: ReturnType<typeof kernelOf>, a: Lanes, b = a): Lanes {
    const out = this.#allocateFor(a, b);
    this.#addFor(out, (count) => kernel(out.values, count, a.values, a.mask, b.values, b.mask));
    if (round) this.#addFor(out, (count) => round(out.values, count));
    return out;
  }

  #compute(expression: Expression): Lanes {
    const { dtype } = expression;
    switch (expression.kind) {
      case 'constant': {
        const out = single();
        out.values[0] = expression.value;
        ROUND[dtype]?.(out.values, 1);
        return out;
      }
      case 'register':
        return this.#lookUp(expression.register);
      case 'index':
        return this.#places(expression.index);
      case 'load':
        return this.#load(expression.buffer, expression.index);
      case 'unary':
        return this.#map(kernelOf(expression.name, dtype), this.lanesOf(expression.operand));
      case 'cast': {
        const operand = this.lanesOf(expression.operand);
        const kernel = castOf(expression.operand.dtype, dtype);
        return kernel ? this.#map([kernel], operand) : operand;
      }
      case 'binary':
        return this.#map(
          kernelOf(expression.name, dtype),
          this.lanesOf(expression.left),
          this.lanesOf(expression.right),
        );
      case 'select': {
        const condition = this.lanesOf(expression.condition);
        return this.#choose(expression.whenTrue, expression.whenFalse, [
          { lanes: condition, lower: 1, upper: 2 },
        ]);
      }
      case 'guard': {
        const conditions = expression.conditions.map(({ index, lower, upper }) => ({
          lanes: this.#places(index),
          lower,
          upper,
        }));
        // Where no condition holds the value is computed too, but not used: its loads stay inside their buffers.
        return this.#choose(expression.value, expression.otherwise, conditions);
      }
    }
  }

  #choose(
    inside: Expression,
    outside: Expression,
    conditions: readonly { readonly lanes: Lanes; readonly lower: number; readonly upper: number }[],
  ): Lanes {
    const a = this.lanesOf(inside);
    const b = this.lanesOf(outside);
    const out = this.#allocateFor(a, b, ...conditions.map(({ lanes }) => lanes));
    this.#addFor(out, (count) => {
      for (let i = 0; i < count; i++) out.values[i] = a.values[i & a.mask];
      for (const { lanes, lower, upper } of conditions) {
        for (let i = 0; i < count; i++) {
          const tested = lanes.values[i & lanes.mask];
          if (!(tested >= lower && tested < upper)) out.values[i] = b.values[i & b.mask];
        }
      }
    });
    return out;
  }

  #allocateFor(...operands: readonly Lanes[]): Lanes {
    return operands.some(({ mask }) => mask !== 0) ? this.allocate() : single();
  }

  #load(buffer: number, index: IndexExpression): Lanes {
    const { views, buffers } = this.machine;
    const { dtype, length } = buffers[buffer];
    const [low, high] = rangeOf(index);
    const { base, stride, own } = this.placeOf(index);
    if (!own && low >= 0 && high < length) {
      const out = stride === 0 ? single() : this.allocate();
      const copy = dtype === 'float32' ? loadFloat32 : loadOther;
      this.#addFor(out, (count) => copy(out.values, views[buffer], base(), stride, count));
      return out;
    }
    const places = own ?? this.#places(index);
    const gather: Kernel = (out, count, place, mask) => {
      const view = views[buffer];
      for (let i = 0; i < count; i++) out[i] = view[Math.max(0, Math.min(place[i & mask], length - 1))];
    };
    return this.#map([gather], places);
  }
}

/** Puts loops, one inside the other, around what `compileBody` adds to the innermost scope. */
export function compileNest(
  [outermost, ...others]: readonly LoopAxis[],
  scope: Scope,
  compileBody: (inner: Scope) => void,
): void {
  if (!outermost) return compileBody(scope);
  const inner = scope.inside([outermost]);
  compileNest(others, inner, compileBody);
  scope.add(repeat(scope.machine, outermost, inner.run));
}

function single(): Lanes {
  return { values: new Float64Array(1), mask: 0 };
}

function ramp(out: Float64Array, base: number, stride: number, count: number): void {
  for (let i = 0; i < count; i++) out[i] = base + i * stride;
}

type Load = (out: Float64Array, view: TypedArray, base: number, stride: number, count: number) => void;

// The same twice, so that the engine sees one kind of array in the one that matters.
const loadFloat32: Load = (out, view, base, stride, count) => {
  for (let i = 0; i < count; i++) out[i] = view[base + i * stride];
};

const loadOther: Load = (out, view, base, stride, count) => {
  for (let i = 0; i < count; i++) out[i] = view[base + i * stride];
};
