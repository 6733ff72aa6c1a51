import type { DType } from '../dtype.js';
import type { OperationOf, WindowGeometry } from '../operation.js';
import type { Shape } from '../shape.js';
import {
  binary,
  castTo,
  constantOf,
  guard,
  load,
  nextName,
  placeOf,
  registerOf,
  rewrite,
  select,
  unary,
} from './expression.js';
import type { Graph, GraphNode } from './graph.js';
import type { IndexExpression } from './index-expression.js';
import {
  addIndices,
  axisIndex,
  constantIndex,
  floorDivIndex,
  indexKey,
  indexOver,
  indicesOf,
  linearIndex,
  modIndex,
  pointsOf,
  rangeOf,
  scaleIndex,
  shapeOf,
  shiftIndex,
  unravelIndex,
  valueIndex,
} from './index-expression.js';
import { BIJECTIVE, descend, isReduction, isSumOfProducts } from './materialize.js';
import type { Combine, Condition, Expression, LoopAxis, Statement } from './program.js';
import { divisorsIn, partOf, splitAxes } from './split-axes.js';
import { threefry } from './threefry.js';

/** A reduction inside a root, before common parts of its value are taken out. */
export interface Reduction {
  readonly register: number;
  readonly dtype: DType;
  readonly combine: Combine;
  readonly axes: readonly LoopAxis[];
  readonly value: Expression;
}

/**
 * What becomes a kernel, or part of one: for each point of `axes`, the reductions are computed, then the value,
 * which is stored into each of `buffers` at the point's place in row-major order.
 */
export interface Root {
  readonly axes: readonly LoopAxis[];
  readonly reductions: readonly Reduction[];
  readonly value: Expression;
  readonly buffers: readonly number[];
  readonly index: IndexExpression;
  /** Instead of a value: statements that run for each point. Such a root shares its kernel with no other. */
  readonly statements?: readonly Statement[];
  /** The names of the operations in it, in order. */
  readonly names: readonly string[];
  /** The nodes that are computed in it. */
  readonly nodes: readonly number[];
}

/** Where nodes find their values: buffers of leaves and of stored nodes. */
export interface Places {
  readonly bufferOf: ReadonlyMap<number, number>;
  readonly scalarsBuffer: number;
  /** Makes a buffer for a copy that only one root reads, in place of another one where its number is given. */
  readonly addBuffer: (dtype: DType, length: number, instead?: number) => number;
}

/** Writes roots: expressions pulled from a stored node down to the buffers it reads. */
export class RootBuilder {
  readonly #nodes: readonly GraphNode[];
  readonly #places: Places;
  #reductions: Reduction[] = [];
  #names: string[] = [];
  #memo = new Map<string, Expression>();
  #computed = new Set<number>();
  /** Roots that must run before the one being built: copies with zeros around. */
  #copies: Root[] = [];
  #extents = new Map<number, number>();
  /** The loops over the dimensions of what is stored, before any is split, and the extents of inner parts to split off. */
  #dimensions: readonly LoopAxis[] = [];
  #parts: readonly number[] = [];
  /** The buffers of copies that are made again. */
  #replaced: readonly number[] = [];
  /** A sum that joins the reduction around it, and the loops it brings. */
  #joined: { readonly node: number; axes: readonly LoopAxis[] } | undefined;

  constructor({ nodes }: Graph, places: Places) {
    this.#nodes = nodes;
    this.#places = places;
  }

  /** The root that computes `node` and stores it into `buffers`, preceded by what it needs besides. */
  build(node: number, buffers: readonly number[]): Root[] {
    this.#begin();
    this.#parts = [];
    let root = this.#rootOf(node, buffers);
    if (this.#copies.length > 0) {
      // A copy runs over the loops its values depend on; where they depend on part of one, that has to be a loop of its own.
      const divisors = divisorsIn([root, ...this.#copies]);
      const replaced = this.#copies.flatMap((copy) => copy.buffers);
      this.#parts = this.#dimensions.map((loop) => partOf(loop, divisors) ?? 1);
      this.#begin(replaced);
      root = this.#rootOf(node, buffers);
    }
    return [...this.#copies, root].map(splitAxes);
  }

  #begin(replaced: readonly number[] = []): void {
    this.#replaced = replaced;
    this.#reductions = [];
    this.#names = [];
    this.#memo = new Map();
    this.#computed = new Set();
    this.#copies = [];
    this.#extents = new Map();
  }

  #rootOf(node: number, buffers: readonly number[]): Root {
    const { operation } = this.#nodes[node];
    switch (operation.name) {
      case 'cumulativeSum':
      case 'scatterAdd':
      case 'argsort':
        return this.#along(node, buffers, operation);
      default:
        return this.#map(node, buffers);
    }
  }

  #map(node: number, buffers: readonly number[]): Root {
    const { shape } = this.#nodes[node];
    this.#dimensions = this.#axesOf(shape);
    const loops = this.#dimensions.map((loop, dimension) => {
      const part = this.#parts.at(dimension) ?? 1;
      return part === 1 ? [loop] : this.#axesOf([loop.extent / part, part]);
    });
    const axes = loops.flat();
    const indices = loops.map(indexOver);
    // A leaf, or a node with a buffer of its own elsewhere, is copied; any other is computed here.
    const value =
      this.#places.bufferOf.get(node) === buffers[0]
        ? this.#compute(node, indices)
        : this.#emit(node, indices);
    if (this.#names.length === 0) this.#names.push('copy');
    return {
      axes: this.#withoutOnes(axes),
      reductions: this.#reductions,
      value,
      buffers,
      index: linearIndex(indices, shape),
      names: this.#names,
      nodes: [...this.#computed],
    };
  }

  /** A root that sets a flag wherever an element of `node` (below any movement) fails a test. */
  buildCheck(node: number, flag: number, test: (value: Expression) => Expression): Root {
    this.#begin();
    const axes = this.#axesOf(this.#nodes[node].shape);
    const value = this.#emit(node, indicesOf(axes));
    this.#computed.add(node);
    return this.#alone(axes, [], ['check'], [{ kind: 'check', flag, condition: test(value) }]);
  }

  #axesOf(shape: Shape): LoopAxis[] {
    const axes = shape.map((extent) => ({ axis: nextName(), extent }));
    for (const { axis, extent } of axes) this.#extents.set(axis, extent);
    return axes;
  }

  #withoutOnes(axes: readonly LoopAxis[]): LoopAxis[] {
    return axes.filter(({ extent }) => extent !== 1);
  }

  #alone(
    axes: readonly LoopAxis[],
    buffers: readonly number[],
    names: readonly string[],
    statements: readonly Statement[],
  ): Root {
    const nothing = constantOf(0, 'int32');
    return {
      axes: this.#withoutOnes(axes),
      reductions: [],
      value: nothing,
      buffers,
      index: constantIndex(0),
      statements,
      names,
      nodes: [...this.#computed],
    };
  }

  /** A root of statements that go along one axis, for each point of the others. */
  #along(
    node: number,
    buffers: readonly number[],
    operation: OperationOf<'cumulativeSum' | 'scatterAdd' | 'argsort'>,
  ): Root {
    const { shape, dtype, inputs } = this.#nodes[node];
    const axis = operation.name === 'argsort' ? shape.length - 1 : operation.axis;
    const axes = this.#axesOf(shape);
    const indices = indicesOf(axes);
    const index = linearIndex(indices, shape);
    const statements = (): Statement[] => {
      if (operation.name === 'cumulativeSum') {
        const register = nextName();
        const total = registerOf(register, dtype, new Set(axes.map((each) => each.axis)));
        const body = buffers.map((buffer): Statement => ({ kind: 'store', buffer, index, value: total }));
        const value = this.#emit(inputs[0], indices);
        return [{ kind: 'scan', register, dtype, axis: axes[axis], value, body }];
      }
      if (operation.name === 'argsort') {
        const first = linearIndex(indices.with(axis, constantIndex(0)), shape);
        return buffers.map((buffer) => ({
          kind: 'argsort',
          length: shape[axis],
          descending: operation.descending,
          source: { buffer: this.#places.bufferOf.get(inputs[0]) ?? -1, index: first },
          target: { buffer, index: first },
        }));
      }
      const [places, updates] = inputs;
      const [from] = this.#axesOf([this.#nodes[places].shape[axis]]);
      const source = indices.with(axis, axisIndex(from.axis, from.extent));
      const place = this.#asIndex(this.#emit(places, source), shape[axis]);
      const target = linearIndex(indices.with(axis, place), shape);
      const value = this.#emit(updates, source);
      const zero = constantOf(0, dtype);
      return buffers.flatMap((buffer): Statement[] => [
        {
          kind: 'loop',
          ...axes[axis],
          parallel: false,
          body: [{ kind: 'store', buffer, index, value: zero }],
        },
        {
          kind: 'loop',
          ...from,
          parallel: false,
          body: [{ kind: 'accumulate', buffer, index: target, value }],
        },
      ]);
    };
    const own = statements();
    this.#computed.add(node);
    return this.#alone(axes.toSpliced(axis, 1), buffers, [...this.#names, operation.name], own);
  }

  #asIndex(place: Expression, extent: number): IndexExpression {
    return place.kind === 'index'
      ? place.index
      : place.kind === 'constant'
        ? constantIndex(place.value)
        : valueIndex(place, extent);
  }

  /** The element of a node at given indices: from its buffer if it has one. */
  #emit(node: number, indices: readonly IndexExpression[]): Expression {
    const buffer = this.#places.bufferOf.get(node);
    if (buffer === undefined) return this.#compute(node, indices);
    const { shape, dtype } = this.#nodes[node];
    return load(buffer, linearIndex(indices, shape), dtype);
  }

  #compute(node: number, indices: readonly IndexExpression[]): Expression {
    const key = `${node}@${indices.map(indexKey).join()}`;
    const known = this.#memo.get(key);
    if (known) return known;
    this.#computed.add(node);
    const result = this.#expressionOf(node, indices);
    this.#memo.set(key, result);
    return result;
  }

  #expressionOf(node: number, indices: readonly IndexExpression[]): Expression {
    const full = this.#nodes[node];
    const { operation, inputs, shape, dtype } = full;
    const [first] = inputs;
    const from = inputs.length === 0 ? [] : this.#nodes[first].shape;
    const at = (input: number, place: readonly IndexExpression[] = indices): Expression =>
      this.#emit(input, place);
    if (this.#joined?.node === node && operation.name === 'sum') {
      const { axes, value } = this.#reduced(node, operation.axes, indices);
      this.#joined.axes = axes;
      return value;
    }
    if (isReduction(full)) return this.#reduce(node, indices);
    switch (operation.name) {
      case 'constant':
        return constantOf(operation.value, dtype);
      case 'scalar':
        return castTo(load(this.#places.scalarsBuffer, constantIndex(operation.slot), 'float64'), dtype);
      case 'iota':
        return placeOf(indices[0]);
      case 'reshape':
        return at(first, unravelIndex(linearIndex(indices, shape), from));
      case 'permute':
        return at(
          first,
          from.map((_, axis) => indices[operation.axes.indexOf(axis)]),
        );
      case 'expand':
        return at(
          first,
          from.map((extent, axis) =>
            extent === 1 ? constantIndex(0) : indices[axis + shape.length - from.length],
          ),
        );
      case 'slice':
        return at(
          first,
          indices.map((index, axis) =>
            shiftIndex(scaleIndex(index, operation.steps[axis]), operation.starts[axis]),
          ),
        );
      case 'windows': {
        const { axes, stride, dilation } = operation;
        return at(
          first,
          from.map((_, axis) => {
            const i = axes.indexOf(axis);
            if (i < 0) return indices[axis];
            return addIndices(
              scaleIndex(indices[axis], stride[i]),
              scaleIndex(indices[from.length + i], dilation[i]),
            );
          }),
        );
      }
      case 'foldWindows': {
        // Windows that lie apart. Their elements are written for counters that stay in range, as they do inside the guard.
        const counters = this.#axesOf([...operation.axes.map((axis) => from[axis]), ...operation.size]);
        const free = indicesOf(counters);
        const element = at(first, [
          ...indices.map((index, axis) => free[operation.axes.indexOf(axis)] ?? index),
          ...free.slice(operation.axes.length),
        ]);
        const places = [floorDivIndex, modIndex].flatMap((part) =>
          operation.axes.map((axis, i) => part(indices[axis], operation.stride[i])),
        );
        return this.#within(element, counters, places);
      }
      case 'pad': {
        const moved = indices.map((index, axis) => shiftIndex(index, -operation.before[axis]));
        const conditions = moved.map((index, axis) => ({ index, lower: 0, upper: from[axis] }));
        return guard(conditions, () => at(first, moved), constantOf(operation.value, dtype));
      }
      case 'concat': {
        let start = 0;
        const pieces = inputs.map((input) => {
          const extent = this.#nodes[input].shape[operation.axis];
          const moved = indices.with(operation.axis, shiftIndex(indices[operation.axis], -start));
          start += extent;
          return { input, moved, condition: { index: moved[operation.axis], lower: 0, upper: extent } };
        });
        return pieces
          .reverse()
          .reduce(
            (rest: Expression, { input, moved, condition }) =>
              guard([condition], () => at(input, moved), rest),
            constantOf(0, dtype),
          );
      }
      case 'gather': {
        const place = this.#asIndex(at(inputs[1]), from[operation.axis]);
        return at(first, indices.with(operation.axis, place));
      }
      case 'check':
        return at(first);
      case 'randomBits': {
        const [key0, key1] = [0, 1].map((word) => at(first, [constantIndex(word)]));
        const words = threefry([key0, key1], [placeOf(linearIndex(indices, shape)), at(inputs[1], [])]);
        this.#names.push('random');
        const word = words[operation.word];
        return operation.bits === 32
          ? word
          : binary('shiftRight', word, constantOf(32 - operation.bits, 'int32'), 'int32');
      }
      default:
        return this.#elementwise(
          full,
          inputs.map((input) => at(input)),
        );
    }
  }

  #elementwise({ operation, dtype }: GraphNode, operands: readonly Expression[]): Expression {
    this.#names.push(operation.name);
    if (operation.name === 'cast') return castTo(operands[0], dtype);
    if (operation.name === 'where') return select(operands[0], operands[1], operands[2]);
    if (operands.length === 1) return unary(operation.name as Parameters<typeof unary>[0], operands[0]);
    return binary(operation.name as Parameters<typeof binary>[0], operands[0], operands[1], dtype);
  }

  /** A reduction inside the root: its value is a register, computed at each point before the root's own value. */
  #reduce(node: number, indices: readonly IndexExpression[]): Expression {
    const { operation, dtype } = this.#nodes[node];
    const register = nextName();
    const { axes, value } =
      operation.name === 'foldWindows'
        ? this.#folded(node, operation, indices)
        : this.#reduced(
            node,
            'axes' in operation ? operation.axes : 'axis' in operation ? [operation.axis] : [],
            indices,
          );
    this.#names.push(operation.name);
    const combine = operation.name === 'foldWindows' ? 'sum' : (operation.name as Combine);
    this.#reductions.push({ register, dtype, combine, axes: this.#withoutOnes(axes), value });
    const inner = new Set(axes.map(({ axis }) => axis));
    const outer = new Set([...value.axes].filter((axis) => !inner.has(axis)));
    return registerOf(register, dtype, outer);
  }

  /** The loops over the axes that are reduced, and the element of the input in them. */
  #reduced(
    node: number,
    reduced: readonly number[],
    indices: readonly IndexExpression[],
  ): Pick<Reduction, 'axes' | 'value'> {
    const [input] = this.#nodes[node].inputs;
    const { shape } = this.#nodes[input];
    const axes = this.#axesOf(reduced.map((axis) => shape[axis]));
    const kept = [...indices];
    const all = shape.map((extent, axis) => {
      const i = reduced.indexOf(axis);
      return i < 0 ? (kept.shift() ?? constantIndex(0)) : axisIndex(axes[i].axis, extent);
    });
    return { axes, value: this.#emit(input, all) };
  }

  /** An expression at other places of some counters where these are in range (and `more` holds), 0 elsewhere. */
  #within(
    expression: Expression,
    counters: readonly LoopAxis[],
    places: readonly IndexExpression[],
    more: readonly Condition[] = [],
  ): Expression {
    const conditions = places.map((index, i) => ({ index, lower: 0, upper: counters[i].extent }));
    const moved = new Map(counters.map(({ axis }, i) => [axis, places[i]]));
    return guard(
      [...more, ...conditions],
      () => rewrite(expression, moved, new Map()),
      constantOf(0, expression.dtype),
    );
  }

  /** The loops over a window, and the element of each window that covers this place; 0 where there is none. */
  #folded(
    node: number,
    { axes: along, size, stride, dilation }: WindowGeometry,
    indices: readonly IndexExpression[],
  ): Pick<Reduction, 'axes' | 'value'> {
    const { inputs, dtype } = this.#nodes[node];
    const { shape } = this.#nodes[inputs[0]];
    const axes = this.#axesOf(size);
    const places = indicesOf(axes);
    const starts = along.map((axis, i) => addIndices(indices[axis], scaleIndex(places[i], -dilation[i])));
    // The element of a window is written for counters that stay in range, as its number does inside the guard.
    const counters = this.#axesOf(along.map((axis) => shape[axis]));
    const counts = indicesOf(counters);
    const below = descend(this.#nodes, inputs[0], BIJECTIVE, (id) => this.#places.bufferOf.has(id));
    const joins = !this.#places.bufferOf.has(below) && isSumOfProducts(this.#nodes, below);
    this.#joined = joins ? { node: below, axes: [] } : undefined;
    const element = this.#emit(inputs[0], [
      ...indices.map((index, axis) => (along.includes(axis) ? counts[along.indexOf(axis)] : index)),
      ...places,
    ]);
    const summed = [...axes, ...(this.#joined?.axes ?? [])];
    this.#joined = undefined;
    /** Part of the element, in the windows that begin at these places; 0 where none begins. */
    const inWindow = (part: Expression, from: readonly IndexExpression[]): Expression =>
      this.#within(
        part,
        counters,
        from.map((start, i) => floorDivIndex(start, stride[i])),
        from.map((start, i) => ({ index: modIndex(start, stride[i]), lower: 0, upper: 1 })),
      );
    if (joins && element.kind === 'binary') {
      // The adjoint of a convolution: one sum over windows and channels. The factor that windows slide over is copied, with
      // zeros wherever no window begins, so that the other one meets it everywhere.
      const uses = (factor: Expression, some: readonly LoopAxis[]): boolean =>
        some.some(({ axis }) => factor.axes.has(axis));
      const { left, right } = element;
      const [slides, other] = uses(left, counters) ? [left, right] : [right, left];
      if (!uses(slides, axes) && !uses(other, counters)) {
        const ranges = starts.map(rangeOf);
        const free = this.#axesOf(ranges.map(([low, high]) => high - low + 1));
        const fixed = [...slides.axes].filter((axis) => !counters.some((counter) => counter.axis === axis));
        const around = [
          ...fixed.map((axis) => ({ axis, extent: this.#extents.get(axis) ?? 1 })),
          ...free.filter(({ extent }) => extent > 1),
        ];
        const buffer = this.#places.addBuffer(
          dtype,
          pointsOf(around),
          this.#replaced.at(this.#copies.length),
        );
        this.#copies.push({
          axes: around,
          reductions: [],
          value: inWindow(
            slides,
            indicesOf(free).map((index, i) => shiftIndex(index, ranges[i][0])),
          ),
          buffers: [buffer],
          index: indexOver(around),
          names: ['pad'],
          nodes: [node],
        });
        const at = around.map((loop) => {
          const i = free.indexOf(loop);
          return i < 0 ? axisIndex(loop.axis, loop.extent) : shiftIndex(starts[i], -ranges[i][0]);
        });
        const copy = load(buffer, linearIndex(at, shapeOf(around)), dtype);
        return { axes: summed, value: binary('mul', copy, other, dtype) };
      }
    }
    return { axes: summed, value: inWindow(element, starts) };
  }
}
